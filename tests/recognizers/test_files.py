"""A file is written whole or not at all, where a regular file is or can be; nothing else is replaced or read."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from recognizers.checkpoint import load, save
from recognizers.errors import CheckpointMismatch, NotWritten
from recognizers.files import is_file, is_folder, is_there, opened, write_whole, written
from recognizers.train.state import check_writable
from recognizers.train.state import write_whole as write_of_training
from streamer.errors import ClipUnwritable
from streamer.media.files import store
from tests.recognizers.networks import card

WRITERS: dict[str, tuple[Callable[[Path], object], type[Exception]]] = {
    "whole": (lambda path: write_whole(path, b"new"), OSError),
    "checkpoint": (lambda path: save(path, card(), {}), OSError),
    "training": (lambda path: write_of_training(path, b"new"), NotWritten),
    "before a training": (check_writable, NotWritten),
    "recording": (lambda path: store(path, b"new"), ClipUnwritable),
}


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """As a device is: no regular file."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


@pytest.mark.parametrize("writer", WRITERS)
@pytest.mark.parametrize("linked", [False, True])
def test_what_is_no_regular_file_is_never_replaced(tmp_path: Path, pipe: Path, writer: str, linked: bool) -> None:
    write, refusal = WRITERS[writer]
    named = tmp_path / "link" if linked else pipe
    if linked:
        named.symlink_to(pipe)
    there = sorted(tmp_path.iterdir())

    with pytest.raises(refusal, match="a device, a pipe or a socket, no file"):
        write(named)

    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert sorted(tmp_path.iterdir()) == there


def test_nothing_is_done_before_a_place_is_known_to_take_the_file(pipe: Path) -> None:
    began = []
    with pytest.raises(OSError, match="no file"), written(pipe):
        began.append("work")
    assert began == []


def test_a_link_stays_and_the_file_that_it_leads_to_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "file", tmp_path / "link"
    link.symlink_to(target)
    for content in (b"first", b"second"):
        write_whole(link, content)
        assert link.is_symlink()
        assert target.read_bytes() == content
    assert list(target.parent.iterdir()) == [target]


def test_links_in_a_circle_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "round").symlink_to(tmp_path / "round")
    for place in (tmp_path / "round", tmp_path):
        with pytest.raises(OSError, match=r"symbolic links|Is a directory"):
            write_whole(place, b"new")


def test_a_block_that_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    with pytest.raises(KeyboardInterrupt), written(path) as file:
        file.write(b"half of it")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_that_write_at_once_each_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with written(path) as first:
        first.write(b"first")
        write_whole(path, b"second, and longer")
        assert path.read_bytes() == b"second, and longer"
    assert path.read_bytes() == b"first"


def test_others_may_read_what_the_user_lets_them(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "file", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o640


def test_a_pipe_is_not_waited_for(pipe: Path, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="no file"):
        opened(pipe)
    with pytest.raises(CheckpointMismatch, match="it is a device, a pipe or a socket, no file"):
        load(pipe)
    with pytest.raises(OSError, match="Is a directory"):
        opened(tmp_path)


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "nowhere"])
def test_nothing_is_where_a_name_cannot_be_one(name: str) -> None:
    assert not any(looked(Path(name)) for looked in (is_file, is_folder, is_there))


def test_a_training_does_not_begin_where_its_checkpoint_has_no_place(tmp_path: Path) -> None:
    """The folder takes files, but what is there is a folder itself."""
    with pytest.raises(NotWritten, match="is a folder; say as `out` a file"):
        check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_private_file_is_nobody_elses_from_its_first_byte_on(tmp_path: Path) -> None:
    modes = []
    before = os.umask(0)
    try:
        with written(tmp_path / "mine", mode=0o600) as file:
            modes.append(stat.S_IMODE(os.fstat(file.fileno()).st_mode))
        write_whole(tmp_path / "ours", b"")
    finally:
        os.umask(before)
    modes += [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("mine", "ours")]
    assert modes == [0o600, 0o600, 0o666]
