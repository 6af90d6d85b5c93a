"""What waits is delivered in order, at least once, whatever the sink does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.delivery import WINDOW, Delivery
from streamer.errors import SinkUnavailable
from streamer.outbox import Outbox
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver, FakeSink
from streamer.wire import Message


class Impatient(SystemClock):
    """Counts pauses instead of making them."""

    def __init__(self) -> None:
        self.pauses = 0
        self.on_pause: Callable[[], None] = lambda: None

    async def sleep(self, seconds: float) -> None:
        self.pauses += 1
        self.on_pause()
        await asyncio.sleep(0)


@dataclass
class Line:
    outbox: Outbox
    sink: FakeSink
    clock: Impatient
    observer: FakeObserver
    delivery: Delivery


@asynccontextmanager
async def line(folder: Path, sink: FakeSink) -> AsyncIterator[Line]:
    observer, clock = FakeObserver(), Impatient()
    async with Outbox.open(folder, clock=clock, observer=observer) as outbox:
        yield Line(outbox, sink, clock, observer, Delivery(outbox.outlet(), sink, clock, observer))


@asynccontextmanager
async def running(parts: Line) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        task = group.create_task(parts.delivery.run())
        yield
        task.cancel()


async def test_messages_arrive_in_order_and_leave_the_outbox(tmp_path: Path) -> None:
    async with line(tmp_path, FakeSink()) as parts, running(parts):
        for start in range(0, 500, 50):
            await parts.outbox.accept([message("ab"[n % 2], start + n) for n in range(50)])

        assert await parts.delivery.drain(10) == 0
        for stream in "ab":
            assert [m.seq for m in parts.sink.messages if m.stream == stream] == list(range(1, 251))


async def test_no_more_than_the_window_is_in_flight(tmp_path: Path) -> None:
    async with line(tmp_path, FakeSink()) as parts:
        await parts.outbox.accept([message() for _ in range(5 * WINDOW)])
        async with running(parts):
            await parts.delivery.drain(10)

    assert parts.sink.most_in_flight <= WINDOW


async def test_an_absent_sink_costs_no_message_and_no_order(tmp_path: Path) -> None:
    sink = FakeSink()
    sink.available = False
    async with line(tmp_path, sink) as parts:
        parts.clock.on_pause = lambda: setattr(sink, "available", parts.clock.pauses > 5)
        await parts.outbox.accept([message(number=n) for n in range(300)])
        async with running(parts):
            assert await parts.delivery.drain(10) == 0

    assert parts.clock.pauses > 5
    assert [m.seq for m in sink.messages] == list(range(1, 301))


class Flaky(FakeSink):
    """Fails every seventh put, after others in the window have got through."""

    async def put(self, message: Message) -> None:
        if self.attempts % 7 == 6:
            self.attempts += 1
            raise SinkUnavailable("every seventh")
        await super().put(message)


async def test_over_a_flaky_sink_each_message_arrives(tmp_path: Path) -> None:
    async with line(tmp_path, Flaky()) as parts:
        kept = await parts.outbox.accept([message(number=n) for n in range(150)])
        async with running(parts):
            assert await parts.delivery.drain(10) == 0

    assert parts.sink.keys == {m.key for m in kept}


async def test_a_refused_message_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    sink = FakeSink()
    async with line(tmp_path, sink) as parts:
        first, second, third = await parts.outbox.accept([message() for _ in range(3)])
        sink.refuses = lambda m: m.key == second.key
        async with running(parts):
            assert await parts.delivery.drain(10) == 0

    assert [m.key for m in sink.messages] == [first.key, third.key]
    assert parts.observer.dead == ["told_so"]


async def test_draining_gives_up_after_its_grace_and_keeps_what_is_left(tmp_path: Path) -> None:
    sink = FakeSink()
    sink.available = False
    async with line(tmp_path, sink) as parts:
        await parts.outbox.accept([message() for _ in range(3)])
        async with running(parts):
            assert await parts.delivery.drain(0.05) == 3
    async with line(tmp_path, FakeSink()) as parts:
        assert len(await parts.outbox.outlet().pending(0, 10)) == 3


async def test_latency_is_counted_from_the_newest_picture(tmp_path: Path) -> None:
    async with line(tmp_path, FakeSink()) as parts, running(parts):
        (kept,) = await parts.outbox.accept([message()])
        await parts.delivery.drain(10)

    assert parts.observer.took_s == [pytest.approx(0, abs=5)]
    assert parts.observer.latencies_s == [pytest.approx(parts.clock.now() - kept.captured_at, abs=5)]
