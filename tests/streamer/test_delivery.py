"""What waits is delivered in order, at least once, whatever the sink does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.delivery import WINDOW, Deliveries, Delivery
from streamer.errors import SinkUnavailable
from streamer.outbox import MAIN, Outbox, Recipient
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


async def test_what_may_be_lost_is_sent_again_in_order_and_says_so(tmp_path: Path) -> None:
    clock, observer, sink = Impatient(), FakeObserver(), FakeSink()
    async with Outbox.open(tmp_path, clock=clock, observer=observer, replay_s=600) as outbox:
        deliveries = Deliveries(outbox, {MAIN: sink}, clock, observer)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliveries.run())
            kept = await outbox.accept([message(number=n) for n in range(150)])
            await deliveries.drain(10)
            await outbox.accept([message(number=n) for n in range(50)])
            assert await deliveries.replay(0.0) >= 150
            await deliveries.drain(10)
            task.cancel()

    again = [m for m in sink.messages if m.properties.get("replayed") == "true"]
    assert [m.seq for m in again[:150]] == list(range(1, 151))
    assert {m.key for m in kept} <= {m.key for m in again}
    assert observer.again == len(again)
    assert sink.keys == {m.key for m in sink.messages}
    assert len(sink.keys) == 200


class Telling(FakeSink):
    def __init__(self) -> None:
        super().__init__()
        self.got = asyncio.Event()

    async def put(self, message: Message) -> None:
        await super().put(message)
        self.got.set()


async def test_a_loss_that_the_sink_tells_of_is_made_good(tmp_path: Path) -> None:
    clock, observer, sink = Impatient(), FakeObserver(), Telling()
    async with Outbox.open(tmp_path, clock=clock, observer=observer, replay_s=600) as outbox:
        deliveries = Deliveries(outbox, {MAIN: sink}, clock, observer)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliveries.run())
            await outbox.accept([message()])
            await deliveries.drain(10)
            sink.got.clear()
            deliveries.lost(clock.now() - 600)
            await asyncio.wait_for(sink.got.wait(), 10)
            task.cancel()


@pytest.mark.parametrize("dead", [MAIN, "hook"])
async def test_a_sink_that_is_away_holds_no_other_up(tmp_path: Path, dead: str) -> None:
    clock, observer = Impatient(), FakeObserver()
    sinks = {MAIN: FakeSink(), "hook": FakeSink()}
    sinks[dead].available = False
    recipients = [Recipient(name) for name in sinks]
    async with Outbox.open(tmp_path, clock=clock, observer=observer, recipients=recipients) as outbox:
        deliveries = Deliveries(outbox, sinks, clock, observer)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(deliveries.run())
            for start in range(0, 400, 50):
                await outbox.accept([message(number=start + n) for n in range(50)])
            (alive,) = set(sinks) - {dead}
            async with asyncio.timeout(10):
                await outbox.outlet(alive).drained()
            assert [m.seq for m in sinks[alive].messages] == list(range(1, 401))
            assert (outbox.outlet(dead).depth, len(sinks[dead].messages)) == (400, 0)

            sinks[dead].available = True
            async with asyncio.timeout(10):
                await outbox.outlet(dead).drained()
            assert [m.seq for m in sinks[dead].messages] == list(range(1, 401))
            task.cancel()
    assert observer.beside == {"hook": 400}
    assert len(observer.latencies_s) == 400
