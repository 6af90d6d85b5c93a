"""Kept files are whole, private, never older and never larger than they may be, also after a kill."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from uuid import UUID

import pytest

from streamer.errors import ClipUnwritable
from streamer.evidence.shelf import Limits, Shelf
from streamer.testing.time import FakeClock
from tests.streamer.evidence.benches import Counts

HOUR_S = 3600.0


def name(number: int, kind: str = "mp4") -> str:
    return f"{UUID(int=number)}.{kind}"


class Kept:
    """A shelf of two hours and a hundred bytes."""

    def __init__(self, folder: Path, clock: FakeClock | None = None) -> None:
        self.folder, self.clock, self.counts = folder, clock or FakeClock(), Counts()
        self.shelf = Shelf(folder, Limits(hours=2.0, max_bytes=100), self.clock, self.counts)

    def there(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def test_a_file_is_readable_by_this_user_alone(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "evidence")
    before = os.umask(0)
    try:
        kept.shelf.put(name(1), b"film")
    finally:
        os.umask(before)
    assert stat.S_IMODE((kept.folder / name(1)).stat().st_mode) == 0o600
    assert stat.S_IMODE(kept.folder.stat().st_mode) == 0o700
    assert kept.there() == [name(1)]
    assert kept.counts.used == 4


def test_what_is_too_old_goes(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.shelf.put(name(1), b"old")
    kept.clock.passed_s += HOUR_S
    kept.shelf.put(name(2), b"newer")
    kept.clock.passed_s += HOUR_S + 1
    kept.shelf.expire()
    assert kept.there() == [name(2)]
    assert kept.counts.told == ["removed 1 age"]
    assert kept.counts.used == 5


def test_the_oldest_make_room(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    for number in range(4):
        kept.shelf.put(name(number), b"x" * 40)
        kept.clock.passed_s += 1
    assert kept.there() == [name(2), name(3)]
    assert kept.counts.told == ["removed 1 budget"] * 2
    assert kept.counts.used == 80


def test_what_can_never_fit_is_refused_and_removes_nothing(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    kept.shelf.put(name(1), b"x" * 40)
    with pytest.raises(ClipUnwritable, match=r"evidence\.max_mib"):
        kept.shelf.put(name(2), b"x" * 101)
    assert kept.there() == [name(1)]


def test_the_next_service_keeps_the_limits_of_what_it_finds(tmp_path: Path) -> None:
    first = Kept(tmp_path)
    for number in range(2):
        first.shelf.put(name(number), b"x" * 40)
        first.clock.passed_s += HOUR_S
    second = Kept(tmp_path, first.clock)
    second.clock.passed_s += 1
    second.shelf.tidy()
    assert second.there() == [name(1)]
    second.shelf.put(name(2), b"x" * 40)
    second.shelf.put(name(3), b"x" * 40)
    assert second.there() == [name(2), name(3)]


def test_what_a_kill_left_unfinished_is_removed(tmp_path: Path) -> None:
    (tmp_path / f".{name(1)}.0a1b2c3d.part").write_bytes(b"half a film")
    kept = Kept(tmp_path)
    kept.shelf.tidy()
    assert kept.there() == []
    assert kept.counts.used == 0


def test_what_others_put_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x" * 1000)
    (tmp_path / name(9)).symlink_to(tmp_path / "notes.txt")
    (tmp_path / name(8)).mkdir()
    kept = Kept(tmp_path)
    kept.shelf.tidy()
    kept.shelf.put(name(1), b"x" * 90)
    assert kept.there() == sorted([name(1), name(8), name(9), "notes.txt"])
    assert kept.shelf.opened(name(9)) is None
    assert kept.shelf.opened(name(8)) is None


def test_a_file_from_the_future_does_not_outlive_the_others(tmp_path: Path) -> None:
    kept = Kept(tmp_path)
    (tmp_path / name(1)).write_bytes(b"film")
    os.utime(tmp_path / name(1), (kept.clock.now() + 1e6,) * 2)
    kept.shelf.tidy()
    kept.clock.passed_s += 2 * HOUR_S + 1
    kept.shelf.expire()
    assert kept.there() == []


def test_a_disk_that_takes_nothing_is_told_and_nothing_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    kept = Kept(tmp_path / "file")
    with pytest.raises(ClipUnwritable, match="make room"):
        kept.shelf.put(name(1), b"film")
    assert kept.shelf.opened(name(1)) is None


def test_there_is_nothing_where_there_is_no_folder(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "none")
    kept.shelf.tidy()
    assert not (tmp_path / "none").exists()


def test_each_file_is_told_when_it_comes_and_goes(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    kept = Kept(tmp_path)
    kept.shelf.put(name(1), b"film")
    kept.clock.passed_s += 2 * HOUR_S + 1
    kept.shelf.expire()
    assert caplog.messages == [f"evidence removed: {name(1)} (age)"]
