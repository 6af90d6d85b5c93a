"""An event's trace is told once it has arrived, also by a process that knows only what is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid5

import pytest

from recognizers.clip import WHOLE_PICTURE, Clip
from streamer.delivery import Deliveries
from streamer.emitter import Acceptor
from streamer.errors import MessageRejected, OutboxUnavailable, SinkUnavailable
from streamer.event import ActionEvent
from streamer.outbox import MAIN, Outbox
from streamer.testing.messages import action_event
from streamer.testing.sinks import FakeObserver, FakeSink
from streamer.testing.time import FakeClock
from streamer.tracing import EventTraces
from streamer.tracing.ids import ROOT, is_sampled, says_sampled, traceparent
from streamer.tracing.spans import Span
from streamer.tracing.traces import _Newest
from streamer.wire import Message, message_of
from tests.streamer.one_worker import FOR_EVER, Plant
from tests.streamer.test_emitter import Disk

WHOLE = [ROOT, "decode", "queue", "infer", "decide", "store", "wait", "publish cam/events"]


class Told(list[list[Span]]):
    """What a collector would get, a list a call."""

    def __call__(self, spans: Sequence[Span]) -> None:
        self.append(list(spans))

    async def aclose(self) -> None: ...


class Line:
    """What an event passes, in virtual time."""

    def __init__(self, share: float = 1.0, disk: Acceptor | None = None, clock: FakeClock | None = None) -> None:
        self.clock = FakeClock(hurried=True) if clock is None else clock
        self.told = Told()
        self.traces = EventTraces(self.told, share, {MAIN: "mqtt"}, self.clock)
        self.sink, self.other = FakeSink(), FakeSink()
        self.disk = self.traces.storing(Disk() if disk is None else disk)
        self.sinks = self.traces.sending({MAIN: self.sink, "mes": self.other})

    async def pass_s(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    async def look(self) -> ActionEvent:
        """A picture is taken, looked at for 50 ms after it waited for 20, and something begins."""
        captured_at = self.clock.now()
        await self.pass_s(0.2)
        self.traces.looked([clip("other", captured_at - 0.1), clip("cam", captured_at)], [0.03, 0.02], 0.05)
        return replace(action_event(), decided_at=captured_at)

    async def store(self, event: ActionEvent) -> Message:
        """It is decided, and on disk 10 ms later."""
        self.traces.emitted(event)
        await self.pass_s(0.01)
        (message,) = await self.disk.accept([message_of(event, "rtcp")])
        return message

    async def put(self, message: Message, sink: str = MAIN) -> list[Span]:
        """What is told when a sink takes it."""
        before = len(self.told)
        await self.sinks[sink].put(message)
        (*told,) = self.told[before:]
        return told[0] if told else []


def clip(stream: str, captured_at: float) -> Clip:
    return Clip(stream, "bench", 1, 0, 0.0, 0.7, captured_at, captured_at, WHOLE_PICTURE, 1.0, ())


def names(spans: Sequence[Span]) -> list[str]:
    return [span.name for span in spans]


def took_ms(spans: Sequence[Span]) -> dict[str, int]:
    return {span.name: round((span.end_ns - span.start_ns) / 1e6) for span in spans}


async def test_a_trace_is_told_at_the_receipt() -> None:
    line = Line()
    message = await line.store(await line.look())
    assert message.properties["traceparent"] == traceparent(message.key, True)
    assert line.told == []

    await line.pass_s(1)
    spans = await line.put(message)
    assert names(spans) == WHOLE
    expected = [1210, 130, 20, 50, 0, 10, 1000, 0]
    assert list(took_ms(spans).values()) == expected
    assert spans[3].attributes["takt.batch_size"] == 2
    assert line.sink.messages == [message]


async def test_what_no_clip_decided_was_not_inferred() -> None:
    line = Line()
    event = await line.look()
    late = replace(event, decided_at=event.decided_at + 0.05)

    spans = await line.put(await line.store(late))
    assert names(spans) == [ROOT, "decide", "store", "wait", "publish cam/events"]


async def test_a_disk_that_takes_nothing_for_a_while_is_seen_in_store() -> None:
    line = Line(disk=(disk := Disk(refusals=2)))
    event = await line.look()
    for _ in range(2):
        with pytest.raises(OutboxUnavailable):
            await line.store(event)
    line.traces.emitted(event)
    await line.pass_s(3)
    (message,) = await line.disk.accept([message_of(event, "rtcp")])

    assert took_ms(await line.put(message))["store"] == 3000
    assert len(disk.accepted) == 1


async def test_nothing_of_a_trace_is_lost_by_a_restart(tmp_path: Path) -> None:
    """Stored by one process, delivered by another: the same ids, the same times."""
    clock, here = FakeClock(hurried=True), Line()
    async with Outbox.open(tmp_path, clock=clock, observer=FakeObserver()) as outbox:
        line = Line(disk=outbox, clock=clock)
        message = await line.store(await line.look())
        here = line
    await clock.sleep(3600)

    async with Outbox.open(tmp_path, clock=clock, observer=FakeObserver()) as outbox:
        (queued,) = await outbox.outlet().pending(0, 10)
        after = await Line(clock=clock).put(queued.message)
    without = await here.put(message)
    assert names(after) == WHOLE
    assert [span.span_id for span in after] == [span.span_id for span in without]
    exact = ("decode", "queue", "infer", "decide", "store")
    assert [took_ms(after)[name] for name in exact] == [took_ms(without)[name] for name in exact]
    assert took_ms(after)["wait"] == 3_600_000


async def test_what_an_outbox_sends_again_adds_a_span(tmp_path: Path) -> None:
    clock, observer = FakeClock(hurried=True), FakeObserver()
    async with Outbox.open(tmp_path, clock=clock, observer=observer, replay_s=3600) as outbox:
        line = Line(disk=outbox, clock=clock)
        await line.store(await line.look())
        deliveries = Deliveries(outbox, line.traces.sending({MAIN: line.sink}), clock, observer)
        async with asyncio.timeout(10), asyncio.TaskGroup() as group:
            running = group.create_task(deliveries.run())
            await outbox.outlet().drained()
            assert await deliveries.replay(0.0) == 1
            await outbox.outlet().drained()
            running.cancel()

    first, (again,) = line.told
    assert names(first) == WHOLE
    assert (again.linked, again.trace_id) == (first[-1].span_id, first[-1].trace_id)
    assert again.span_id not in {span.span_id for span in first}


async def test_what_is_sent_again_adds_a_span() -> None:
    line = Line()
    message = await line.store(await line.look())
    first = await line.put(message)
    again = replace(message, properties={**message.properties, "replayed": "true"})

    (span,) = await line.put(again)
    assert (span.linked, span.trace_id) == (first[-1].span_id, first[-1].trace_id)


async def test_other_sinks_add_their_own_span() -> None:
    line = Line()
    message = await line.store(await line.look())

    (span,) = await line.put(message, "mes")
    assert (span.name, span.attributes["takt.sink"]) == ("publish cam/events", "mes")
    assert names(await line.put(message)) == WHOLE


async def test_a_sink_that_is_away_is_waited_for() -> None:
    line = Line()
    message = await line.store(await line.look())
    line.sink.available = False
    with pytest.raises(SinkUnavailable):
        await line.put(message)
    assert line.told == []

    line.sink.available = True
    await line.pass_s(7)
    assert took_ms(await line.put(message))["wait"] == 7000


async def test_what_a_sink_refuses_for_good_is_told_as_an_error() -> None:
    line = Line()
    message = await line.store(await line.look())
    line.sink.refuses = lambda _: True
    with pytest.raises(MessageRejected):
        await line.put(message)

    (spans,) = line.told
    assert names(spans) == WHOLE
    assert {span.name for span in spans if span.error == "told_so"} == {ROOT, "publish cam/events"}


async def test_an_event_beyond_the_share_asks_others_to_leave_it_too() -> None:
    line = Line(share=0.5)
    events = [replace(action_event(), action_id=uuid5(action_event().action_id, str(n))) for n in range(40)]
    for event in events:
        message = await line.store(event)
        kept = is_sampled(message.key, 0.5)
        assert says_sampled(message.properties["traceparent"]) == kept
        assert ("tracestate" in message.properties) == kept
        assert bool(await line.put(message)) == kept
    assert 0 < len(line.told) < len(events)


async def test_what_is_no_event_has_no_trace() -> None:
    line = Line()
    gap = replace(message_of(action_event(), ""), cls="gap")
    (message,) = await line.disk.accept([gap])

    assert message == gap
    assert await line.put(message) == []


async def test_a_stored_message_of_a_service_without_traces_has_none() -> None:
    line = Line()
    assert await line.put(message_of(action_event(), "rtcp")) == []


def test_what_is_remembered_is_bounded() -> None:
    newest: _Newest[int, int] = _Newest(3)
    for n in range(10):
        newest[n] = n
    assert [newest.get(n) for n in (6, 7, 9)] == [None, 7, 9]


@asynccontextmanager
async def traced(plant: Plant) -> AsyncIterator[Told]:
    """A worker of a plant, and the traces that it tells."""
    told = Told()
    plant.tracing = EventTraces(told, 1.0, {MAIN: "mqtt"}, plant.clock)
    async with plant.running():
        yield told


async def test_every_event_of_a_worker_has_its_trace(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    plant.camera("cam", FOR_EVER)
    async with traced(plant) as told:
        await plant.until(lambda: plant.told("cam") == [("started", None)])

    started, ended = told
    assert names(started) == WHOLE
    assert started[0].attributes["takt.model"] == plant.load("counter", plant.live).id
    assert ended[0].attributes["takt.reason"] == "shutdown"
    assert [message.properties["traceparent"][3:35] for message in plant.sink.messages] == [
        f"{spans[0].trace_id:032x}" for spans in told
    ]


async def test_what_one_worker_could_not_deliver_the_next_one_tells(tmp_path: Path) -> None:
    plant = Plant(tmp_path)
    plant.camera("cam", FOR_EVER)
    plant.sink.available, plant.grace_s = False, 0.1
    async with traced(plant) as told:
        await plant.until(lambda: plant.sink.attempts > 1)
    assert told == []

    later = Plant(tmp_path)
    later.clock = FakeClock(plant.clock.now() + 60)
    async with traced(later) as told:
        await later.until(lambda: len(told) == 2)
    assert names(told[0]) == WHOLE
    assert took_ms(told[0])["wait"] > 60_000
    assert took_ms(told[0])["infer"] < 60_000
