"""Pictures that workers keep in one folder are served whoever kept them, and stay within the limits of all."""

from __future__ import annotations

import asyncio
from pathlib import Path

from streamer.evidence.guest import GuestShelf
from streamer.evidence.shelf import Limits, Shelf
from streamer.testing.time import FakeClock
from streamer.workers.pictures import LATE_S, SWEEP_S, CommonShelf
from tests.e2e.takt import until
from tests.streamer.evidence.benches import Counts
from tests.streamer.evidence.test_shelf import name


class Common:
    """Two workers and a supervisor over a folder, for files of a hundred bytes together."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.clock, self.counts = folder, FakeClock(), Counts()
        self.shelf = CommonShelf(Shelf(folder, Limits(2.0, 100), self.clock, self.counts), self.clock)
        self.workers = [GuestShelf(folder, 100, self.clock, self.shelf.promised) for _ in range(2)]

    def read(self, number: int) -> bytes | None:
        found = self.shelf.opened(name(number))
        if found is None:
            return None
        with found[0] as file:
            return file.read()


def test_a_file_is_served_as_soon_as_a_worker_has_kept_it(tmp_path: Path) -> None:
    common = Common(tmp_path / "evidence")
    assert common.read(1) is None
    common.workers[0].put(name(1), b"one")
    common.workers[1].put(name(2), b"two")
    assert (common.read(1), common.read(2)) == (b"one", b"two")
    assert common.counts.used == 6


def test_the_oldest_make_room_whoever_kept_them(tmp_path: Path) -> None:
    common = Common(tmp_path)
    for number in range(4):
        common.workers[number % 2].put(name(number), b"x" * 30)
        common.clock.passed_s += 1
        common.read(number)
    assert common.read(0) is None
    assert common.read(3) == b"x" * 30
    assert common.counts.used <= 100


def test_what_somebody_else_put_there_is_left_alone(tmp_path: Path) -> None:
    common = Common(tmp_path)
    (tmp_path / "letter.txt").write_bytes(b"x" * 1000)
    common.workers[0].put(name(1), b"one")
    assert common.read(1) == b"one"
    assert (tmp_path / "letter.txt").exists()
    assert common.counts.used == 3


async def test_a_file_that_is_promised_is_expected_until_it_is_there_or_given_up(tmp_path: Path) -> None:
    common, now = Common(tmp_path), FakeClock().now()
    worker = common.workers[0]
    for number in range(3):
        worker.promise(name(number), now + 5)
    assert common.shelf.expected_at(name(0)) == now + 5
    worker.put(name(0), b"here")
    common.read(0)
    worker.give_up(name(1))
    assert [common.shelf.expected_at(name(number)) for number in range(3)] == [None, None, now + 5]


async def test_what_a_dead_worker_promised_is_expected_no_more_after_a_while(tmp_path: Path) -> None:
    common = Common(tmp_path)
    common.workers[0].promise(name(1), common.clock.now())
    assert common.shelf.expected_at(name(1)) is not None
    common.clock.passed_s += LATE_S + 1
    assert common.shelf.expected_at(name(1)) is None


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


async def test_the_folder_is_kept_within_its_limits_also_while_nobody_asks(tmp_path: Path) -> None:
    common = Common(tmp_path)
    running = asyncio.create_task(common.shelf.run())
    for number in range(5):
        common.workers[0].put(name(number), b"x" * 30)
    await common.clock.advance(SWEEP_S)
    await until(lambda: 0 < common.counts.used <= 100)
    assert size(tmp_path) <= 100
    running.cancel()
