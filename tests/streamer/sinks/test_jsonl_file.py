"""Lines in a file: whole, durable, rotated."""

from __future__ import annotations

import asyncio
import errno
import json
import os
from pathlib import Path

import pytest

from streamer.errors import SinkUnavailable
from streamer.sinks import jsonl_file
from streamer.sinks.jsonl_file import JsonLinesFile, LinesFile, Rotation
from streamer.testing.messages import message


def numbers(file: Path) -> list[int]:
    return [json.loads(line)["n"] for line in file.read_text().splitlines()]


def line(n: int) -> bytes:
    return json.dumps({"n": n, "more": "x" * 80}).encode() + b"\n"


async def test_what_is_put_is_there_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    file, messages = tmp_path / "new" / "events.jsonl", [message(number=n) for n in range(40)]
    for part in (messages[:20], messages[20:]):
        async with JsonLinesFile(file, Rotation()) as sink:
            await asyncio.gather(*(sink.put(one) for one in part))

    told = [json.loads(line) for line in file.read_text().splitlines()]
    assert [one["payload"]["event_id"] for one in told] == [str(one.key) for one in messages]
    assert {one["topic"] for one in told} == {"cam/events"}


async def test_lines_that_come_together_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(jsonl_file.os, "fsync", lambda handle: (synced.append(handle), real(handle)))
    async with JsonLinesFile(tmp_path / "events.jsonl", Rotation()) as sink:
        await asyncio.gather(*(sink.put(message(number=n)) for n in range(200)))
        assert 2 <= len(synced) <= 10


def test_a_full_file_makes_way_and_the_oldest_go(tmp_path: Path) -> None:
    lines = LinesFile(tmp_path / "e", Rotation(max_bytes=3 * len(line(10)), files=2))
    for n in range(10, 22):
        lines.append(line(n))
    lines.close()

    assert numbers(tmp_path / "e") == [19, 20, 21]
    assert numbers(tmp_path / "e.1") == [16, 17, 18]
    assert numbers(tmp_path / "e.2") == [13, 14, 15]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e", "e.1", "e.2"]


def test_a_line_that_was_cut_off_does_not_swallow_the_next(tmp_path: Path) -> None:
    (tmp_path / "e").write_bytes(line(1) + b'{"n": 2, "mo')
    lines = LinesFile(tmp_path / "e", Rotation())
    lines.append(line(3))
    lines.close()

    first, cut, last = (tmp_path / "e").read_bytes().splitlines()
    assert (json.loads(first)["n"], cut, json.loads(last)["n"]) == (1, b'{"n": 2, "mo', 3)


def test_on_a_full_disk_nothing_is_left_of_what_was_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = LinesFile(tmp_path / "e", Rotation())
    lines.append(line(1))
    real, room = os.write, [20]

    def write(handle: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        wrote, room[0] = real(handle, data[: room[0]]), 0
        return wrote

    with monkeypatch.context() as full:
        full.setattr(jsonl_file.os, "write", write)
        with pytest.raises(SinkUnavailable, match="No space left"):
            lines.append(line(2))
    assert numbers(tmp_path / "e") == [1]
    lines.append(line(3))
    lines.close()
    assert numbers(tmp_path / "e") == [1, 3]


@pytest.mark.parametrize("moved", ["renamed", "deleted"])
def test_a_file_that_somebody_moved_away_begins_anew(tmp_path: Path, moved: str) -> None:
    lines = LinesFile(tmp_path / "e", Rotation())
    lines.append(line(1))
    (tmp_path / "e").rename(tmp_path / "old") if moved == "renamed" else (tmp_path / "e").unlink()
    lines.append(line(2))
    lines.close()

    assert numbers(tmp_path / "e") == [2]


def test_neither_links_nor_pipes_nor_folders_are_written_to(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    (tmp_path / "link").symlink_to(tmp_path / "target")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    for name in ("link", "pipe", "folder"):
        lines = LinesFile(tmp_path / name, Rotation())
        for _ in range(2):
            with pytest.raises(SinkUnavailable, match=name):
                lines.append(line(1))
    assert (tmp_path / "target").read_bytes() == b""
