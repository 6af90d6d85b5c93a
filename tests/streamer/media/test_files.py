"""Files are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.errors import ClipUnwritable
from streamer.media.files import store


def test_a_file_is_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    store(tmp_path / "a" / "clip.mp4", b"film")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["clip.mp4"]
    assert (tmp_path / "a" / "clip.mp4").read_bytes() == b"film"


def test_what_cannot_be_written_says_where_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").mkdir()
    with pytest.raises(ClipUnwritable, match=r"clip\.mp4 cannot be written .* make room"):
        store(tmp_path / "clip.mp4", b"film")
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
