"""A worker that was frozen publishes nothing when it thaws, and ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streamer.errors import SinkUnavailable
from streamer.sinks.mqtt.options import MqttOptions
from streamer.sinks.mqtt.session import Session
from streamer.testing.messages import message
from streamer.testing.mqtt_stub import MqttStub
from streamer.testing.time import FakeClock
from streamer.wire import Message
from streamer.workers.fence import Fence
from streamer.workers.lease import Lease


class Taking:
    """A sink that takes everything."""

    def __init__(self) -> None:
        self.taken: list[Message] = []

    async def put(self, message: Message) -> None:
        self.taken.append(message)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Taking]:
        yield self


def fenced(clock: FakeClock) -> tuple[Fence, list[float]]:
    ended: list[float] = []
    return Fence(Lease(9.0), clock, lambda: ended.append(clock.monotonic())), ended


async def test_it_ends_when_the_supervisor_was_not_heard_for_as_long_as_its_lease_lasts() -> None:
    clock = FakeClock()
    fence, ended = fenced(clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(fence.run())
        for _ in range(100):
            fence.heard(fence.beat())
            await clock.advance(0.5)
        assert not ended
        await clock.advance(10.0)
    assert ended == [pytest.approx(49.5 + 9.0, abs=0.2)]


async def test_what_comes_too_late_changes_nothing() -> None:
    clock = FakeClock()
    fence, _ = fenced(clock)
    fence.heard(fence.beat())
    sent_s = fence.beat()
    clock.passed_s += 30.0  # frozen; the answer waited in the socket
    fence.heard(sent_s)
    fence.heard(clock.monotonic())
    assert not fence.may_publish()


async def test_other_sinks_get_nothing_either() -> None:
    clock, sink = FakeClock(), Taking()
    fence, _ = fenced(clock)
    async with fence.around(sink.open()) as fenced_sink:
        with pytest.raises(SinkUnavailable):
            await fenced_sink.put(message("a"))
        fence.heard(fence.beat())
        await fenced_sink.put(message("a"))
        clock.passed_s += 9.0
        with pytest.raises(SinkUnavailable, match="others may have"):
            await fenced_sink.put(message("a", 1))
    assert len(sink.taken) == 1


async def test_the_broker_gets_nothing_whatever_it_is() -> None:
    session = Session(MqttOptions("localhost", may_publish=lambda: False), 5)
    for retain in (False, True):
        with pytest.raises(SinkUnavailable, match="others may have"):
            await session.publish("takt/a/status", "{}", retain=retain)


async def test_what_paho_was_given_before_it_froze_does_not_leave_when_it_thaws() -> None:
    """It froze between our question and paho's thread: the loop may publish, the thread may not any more."""
    loop = threading.get_ident()
    async with MqttStub().serving() as stub:
        options = MqttOptions("127.0.0.1", stub.port, may_publish=lambda: threading.get_ident() == loop)
        session = Session(options, 5)
        await session.connect()
        with pytest.raises(SinkUnavailable, match="ended"):
            await session.publish("takt/a/status", "{}")
        assert await session.ended == "lost"
    assert stub.published == []
