"""Who watches only, goes while nobody else needs the time."""

from __future__ import annotations

import asyncio

from streamer.gate import YIELD_S, Gate
from streamer.testing.time import FakeClock


async def test_it_is_open_only_while_no_live_network_is_busy() -> None:
    gate, passed = Gate(FakeClock()), asyncio.Event()

    async def wait() -> None:
        await gate.free()
        passed.set()

    async with asyncio.TaskGroup() as group:
        with gate.busy():
            group.create_task(wait())
            with gate.busy():
                await asyncio.sleep(0)
            for _ in range(5):
                await asyncio.sleep(0)
            assert not passed.is_set()
        await asyncio.wait_for(passed.wait(), 5)


async def test_a_network_that_fails_leaves_it_open() -> None:
    gate = Gate(FakeClock())
    try:
        with gate.busy():
            raise ZeroDivisionError
    except ZeroDivisionError:
        await asyncio.wait_for(gate.free(), 5)
    assert not gate.yields


def test_after_too_little_time_it_stays_closed_for_a_while() -> None:
    clock = FakeClock()
    gate = Gate(clock)
    assert not gate.yields
    gate.overloaded()
    clock.passed_s = YIELD_S - 0.1
    assert gate.yields
    clock.passed_s = YIELD_S
    assert not gate.yields
