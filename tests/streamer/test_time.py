"""Virtual time wakes sleepers in order."""

from __future__ import annotations

import asyncio

from streamer.testing.time import FakeClock


async def test_sleepers_wake_in_the_order_of_their_deadlines() -> None:
    clock, woken = FakeClock(), []

    async def sleeper(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.monotonic()))

    async with asyncio.TaskGroup() as group:
        for seconds in (3.0, 1.0, 2.0):
            group.create_task(sleeper(seconds))
        await clock.advance(2.5)
        assert woken == [(1.0, 1.0), (2.0, 2.0)]
        await clock.advance(1.0)
    assert woken[-1] == (3.0, 3.0)
    assert clock.now() - clock.began == 3.5
