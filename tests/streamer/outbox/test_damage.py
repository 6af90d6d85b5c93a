"""After a crash, bits of any of its files may be wrong: the outbox opens, invents nothing and goes on."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.event import OpenAction
from streamer.outbox import Outbox
from streamer.outbox.dead import buried
from streamer.testing.messages import action_event, message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from streamer.wire import Message
from tests.streamer.outbox.stores import ids, store

NOW = 1_700_000_000.0


def opened(folder: Path, now: float = NOW):  # type: ignore[no-untyped-def]
    return Outbox.open(folder, clock=FakeClock(now), observer=FakeObserver())


class Crashed(NamedTuple):
    folder: Path
    accepted: list[Message]

    def __repr__(self) -> str:
        """Short, so that a report shows what was damaged."""
        return f"Crashed({self.folder}, {len(self.accepted)} accepted)"


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    """The folder as a kill would leave it, with much of it still in the log, and what was accepted."""
    folder, copy = tmp_path_factory.mktemp("crashed"), tmp_path_factory.mktemp("copies") / "outbox"

    async def work() -> list[Message]:
        async with opened(folder) as outbox:
            kept = [one for n in range(40) for one in await outbox.accept([message(number=20 * n) for _ in range(20)])]
            shutil.copytree(folder, copy)
        return kept

    return Crashed(copy, asyncio.run(work()))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["outbox.db", "outbox.db-wal", "outbox.db-shm"]),
    how=st.sampled_from(["flip", "cut", "zeros"]),
    where=st.floats(0, 0.999),
    bit=st.integers(0, 7),
)
async def test_whatever_is_damaged_nothing_is_invented_and_work_goes_on(
    crashed: Crashed,
    tmp_path_factory: pytest.TempPathFactory,
    name: str,
    how: str,
    where: float,
    bit: int,
) -> None:
    before, accepted = crashed
    folder = tmp_path_factory.mktemp("damaged") / "outbox"
    shutil.copytree(before, folder)
    damage(folder / name, how, where, bit)
    known = {one.key: one for one in accepted}
    async with opened(folder, NOW + 100) as outbox:
        found = [queued.message for queued in await outbox.outlet().pending(0, 10_000)]
        (new,) = await outbox.accept([message()])
        again = [queued.message for queued in await outbox.outlet().pending(0, 10_000)]

    assert all(known[one.key] == one for one in found)
    assert [one.seq for one in found] == sorted(one.seq for one in found)
    assert again[-1] == new
    assert new.term > accepted[0].term


def damage(file: Path, how: str, where: float, bit: int) -> None:
    data = bytearray(file.read_bytes())
    at = int(where * len(data))
    if how == "flip":
        data[at] ^= 1 << bit
    elif how == "zeros":
        data[at : at + 4096] = bytes(len(data[at : at + 4096]))
    else:
        data = data[:at]
    file.write_bytes(data)


async def test_a_kill_without_damage_loses_nothing(crashed: Crashed, tmp_path: Path) -> None:
    before, accepted = crashed
    shutil.copytree(before, tmp_path / "outbox")
    async with opened(tmp_path / "outbox", NOW + 100) as outbox:
        assert [queued.message for queued in await outbox.outlet().pending(0, 10_000)] == accepted


@pytest.mark.parametrize(
    "damage", ["key = x'00'", "body = '{'", "body = '[]'", "properties = '[]'", "refused_at = 'x'"]
)
def test_a_dead_letter_that_cannot_be_read_keeps_no_other_from_being_sent_again(damage: str) -> None:
    with store() as kept:
        kept.accept([message(), message()], [], [], 3.0)
        for id_ in (1, 2):
            kept.dead_letter(id_, "not_authorized", 10.0)
        kept.db.execute(f"UPDATE dead_letter SET {damage} WHERE id = 1")

        assert 2 in [letter.id for letter in buried(kept.db)]
        assert kept.retry([1, 2]) == 1
        assert len(ids(kept)) == 1


@pytest.mark.parametrize("refused_at", [1e300, float("inf"), -1e12])
def test_a_dead_letter_of_no_time_is_not_told(refused_at: float) -> None:
    with store() as kept:
        kept.accept([message()], [], [], 3.0)
        kept.dead_letter(1, "not_authorized", refused_at)

        assert buried(kept.db) == []


@pytest.mark.parametrize("column", ["accepted_at", "captured_at"])
async def test_a_time_that_is_none_does_not_end_the_outbox(tmp_path: Path, column: str) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.accept([message()])
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        db.execute(f"UPDATE message SET {column} = 'soon'")
        db.commit()
    async with opened(tmp_path, NOW + 100) as outbox:
        (new,) = await outbox.accept([message(number=1)])

        assert [queued.message for queued in await outbox.outlet().pending(0, 10)] == [new]
        assert [(gap.reason, gap.count) for gap in await outbox.gaps()] == [("damaged", 1)]


ID = "x'00112233445566778899aabbccddeeff'"
GAP = "INSERT INTO gap(stream, cls, term, first, last, count, reason, recipients, at) VALUES ('cam', 'action'"


@pytest.mark.parametrize(
    "damage",
    [
        f"{GAP}, 1, 1, 1, 1, 'age', 'main', 'soon')",
        f"{GAP}, 1, 1, 1, 1, 'age', 'main', 1e300)",
        f"{GAP}, 'a', 1, 1, 1, 'age', x'00', 1)",
        "INSERT INTO open_action VALUES (x'00', 'cam', 'bench', 1, 'pick', 1, 1, NULL)",
        f"INSERT INTO open_action VALUES ({ID}, 'cam', 'bench', 1, 'pick', 1, 1, '{{')",
        f"INSERT INTO open_action VALUES ({ID}, 'cam', 'bench', 1, 'pick', 1, 1, '[1, 2]')",
        f"INSERT INTO open_action VALUES ({ID}, 'cam', 'bench', 1, 'pick', 'soon', 1, NULL)",
        "INSERT INTO open_cycle VALUES (x'00', 'cam', 'bench', 'work', 1, 1, NULL, NULL)",
        f"INSERT INTO open_cycle VALUES ({ID}, 'cam', 'bench', 'work', 1, 'long', NULL, NULL)",
        "INSERT OR REPLACE INTO counter VALUES ('epoch/cam', 'many')",
        "INSERT OR REPLACE INTO counter VALUES ('epoch/cam', 9223372036854775807)",
        "INSERT OR REPLACE INTO counter VALUES ('term', 'long')",
    ],
)
async def test_a_row_that_nobody_stored_does_not_end_the_service_at_every_start(tmp_path: Path, damage: str) -> None:
    one = OpenAction.of(action_event())
    async with opened(tmp_path) as outbox:
        await outbox.accept([message()], opened=[one])
    with closing(sqlite3.connect(tmp_path / "outbox.db")) as db:
        db.execute(damage)
        db.commit()
    async with opened(tmp_path, NOW + 100) as outbox:
        assert await outbox.open_actions() == [one]
        assert await outbox.open_cycles() == []
        assert await outbox.gaps() == []
        assert await outbox.next_epoch("cam") == NOW + 100
        assert len(await outbox.outlet().pending(0, 10)) == 1
