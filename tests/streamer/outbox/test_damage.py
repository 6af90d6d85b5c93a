"""After a crash, bits of any of its files may be wrong: the outbox opens, invents nothing and goes on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.outbox import Outbox
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from streamer.wire import Message

NOW = 1_700_000_000.0


def opened(folder: Path, now: float = NOW):  # type: ignore[no-untyped-def]
    return Outbox.open(folder, clock=FakeClock(now), observer=FakeObserver())


@pytest.fixture(scope="module")
def crashed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Message]]:
    """The folder as a kill would leave it, with much of it still in the log, and what was accepted."""
    folder, copy = tmp_path_factory.mktemp("crashed"), tmp_path_factory.mktemp("copies") / "outbox"

    async def work() -> list[Message]:
        async with opened(folder) as outbox:
            kept = [one for n in range(40) for one in await outbox.accept([message(number=20 * n) for _ in range(20)])]
            shutil.copytree(folder, copy)
        return kept

    return copy, asyncio.run(work())


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(["outbox.db", "outbox.db-wal", "outbox.db-shm"]),
    how=st.sampled_from(["flip", "cut", "zeros"]),
    where=st.floats(0, 0.999),
    bit=st.integers(0, 7),
)
async def test_whatever_is_damaged_nothing_is_invented_and_work_goes_on(
    crashed: tuple[Path, list[Message]],
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


async def test_a_kill_without_damage_loses_nothing(crashed: tuple[Path, list[Message]], tmp_path: Path) -> None:
    before, accepted = crashed
    shutil.copytree(before, tmp_path / "outbox")
    async with opened(tmp_path / "outbox", NOW + 100) as outbox:
        assert [queued.message for queued in await outbox.outlet().pending(0, 10_000)] == accepted
