"""A broker that forgot what it acknowledged is found out when it comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from streamer.sinks.base import Inbound
from streamer.sinks.mqtt.memory import EVERY_S, READ_S, BrokerMemory
from streamer.testing.time import FakeClock

SETTLE_S = 5.0
NOW = 1_700_000_000.0


@dataclass
class Broker:
    """Keeps one retained topic, as far as it is told to."""

    known: float = 0.0
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    lost: list[float] = field(default_factory=list)
    retained: str | None = None

    def __post_init__(self) -> None:
        self.memory = BrokerMemory(self.clock, self.lost.append, self.known, SETTLE_S)

    def leave(self, mark: str) -> asyncio.Future[None]:
        self.retained = mark
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        self.memory.connecting()
        if self.retained is not None:
            self.memory.heard(Inbound("mark", self.retained.encode(), retained=True))
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(self.memory.watch(self.leave))
            await self.clock.advance(READ_S + SETTLE_S)
            yield
            watching.cancel()


async def test_a_broker_that_knows_everything_costs_nothing() -> None:
    broker = Broker()
    for _ in range(3):
        async with broker.connected():
            broker.memory.acknowledged()
            await broker.clock.advance(2 * EVERY_S)

    assert broker.lost == []


async def test_what_was_acknowledged_since_the_broker_last_saved_is_told_once_others_are_back() -> None:
    broker = Broker()
    async with broker.connected():
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)
        saved = broker.retained
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)
    assert saved is not None
    assert broker.retained != saved
    broker.retained = saved
    async with broker.connected():
        assert broker.lost == [float(saved)]
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)
    async with broker.connected():
        assert len(broker.lost) == 1


async def test_of_a_broker_that_lost_everything_everything_is_told() -> None:
    broker = Broker()
    async with broker.connected():
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)
    broker.retained = None
    async with broker.connected():
        assert broker.lost == [0.0]


async def test_what_an_earlier_process_delivered_counts() -> None:
    forgetful, sound = Broker(known=NOW - 100), Broker(known=NOW - 100, retained=f"{NOW - 99}")
    for broker in (forgetful, sound):
        async with broker.connected():
            pass

    assert (forgetful.lost, sound.lost) == ([0.0], [])


async def test_what_was_acknowledged_after_the_last_mark_counts_as_lost() -> None:
    broker = Broker()
    async with broker.connected():
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)
        broker.memory.acknowledged()
    marked = broker.retained
    async with broker.connected():
        assert broker.lost == [float(marked or 0)]


async def test_a_first_start_and_a_mark_that_is_none_are_no_loss() -> None:
    broker = Broker(retained="not a number")
    async with broker.connected():
        broker.memory.acknowledged()
        await broker.clock.advance(2 * EVERY_S)

    assert broker.lost == []
    assert broker.retained is not None


@pytest.mark.parametrize("ahead", ["Infinity", "1e999", "NaN", f"{NOW + 86_400}", "[" * 100_000, "1" + "0" * 400])
async def test_a_mark_that_lies_ahead_hides_no_loss(ahead: str) -> None:
    broker = Broker(known=NOW - 100, retained=ahead)
    async with broker.connected():
        assert broker.lost == [0.0]
        await broker.clock.advance(2 * EVERY_S)

    assert NOW <= float(broker.retained) <= NOW + 60
