"""One process's streams, from camera to broker: who runs, and in which order it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from recognizers.clip import Clip
from recognizers.prediction import Prediction
from streamer.audience import Audience, Nobody
from streamer.clock import Clock
from streamer.commands import Commands
from streamer.control import listening
from streamer.delivery import Deliveries
from streamer.desk import Desk
from streamer.emitter import Emitter
from streamer.event import OpenAction, OpenCycle, Reason
from streamer.evidence.keeper import EvidenceKeeper
from streamer.gaps import Gaps
from streamer.gate import Gate
from streamer.hard_examples import HardExamples, Options
from streamer.health import Health
from streamer.lane import Lane
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.naming import UnitNames
from streamer.outbox import KEEP_S, MAIN, Outbox, OutboxObserver, Recipient
from streamer.promoter import Candidates, Promoter, Running
from streamer.promotions import Promotions
from streamer.serving import Serving
from streamer.shadow import Shadow
from streamer.showing import Showing, ShowOptions
from streamer.sinks.base import Sink, StatusSink
from streamer.sources.base import Demand, Source
from streamer.sources.reconnect import Change, RetryPolicy, reconnecting
from streamer.stages import StreamStages, Watch
from streamer.sustain import Sustain

_log = logging.getLogger(__name__)

LAG_EVERY_S = 0.5
TICK_S = 1.0
CLOCK_SET_S = 1.0
"""A clock that moves by more against the monotonic one, within `LAG_EVERY_S`, was set; slewing is slower by far."""


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream as the worker will run it."""

    id: str
    source: Source
    watches: tuple[Watch, ...]
    demand: Demand
    """What its source delivers."""
    loss_free: bool = False
    """No clip of it is shed: its source can wait (recordings)."""
    retry: RetryPolicy | None = None
    """Its own, instead of the plan's."""


def to_nobody(_: Iterable[StreamStages]) -> None:
    """Nobody asks which watches there are."""


@dataclass(frozen=True, slots=True)
class OutboxPlan:
    """Where events wait, how long, and for whom besides the main sink."""

    folder: Path
    budget_bytes: int
    keep_s: float = KEEP_S
    replay_s: float = 0.0
    others: tuple[tuple[Recipient, AbstractAsyncContextManager[Sink]], ...] = ()

    def open(self, clock: Clock, observer: OutboxObserver) -> AbstractAsyncContextManager[Outbox]:
        """As `Outbox.open`."""
        return Outbox.open(
            self.folder,
            clock=clock,
            observer=observer,
            budget_bytes=self.budget_bytes,
            keep_s=self.keep_s,
            replay_s=self.replay_s,
            recipients=[Recipient(MAIN), *(recipient for recipient, _ in self.others)],
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker runs, made by `streamer.build`."""

    streams: tuple[StreamPlan, ...]
    models: Mapping[str, Model]
    """What is live at the start, by recognizer."""
    candidates: Candidates
    data_dir: Path
    sink: AbstractAsyncContextManager[StatusSink]
    outbox: OutboxPlan
    batch: int
    deadline_s: float
    grace_s: float
    retry: RetryPolicy
    hard_examples: Options | None = None
    """None: none are kept."""
    evidence: EvidenceKeeper | None = None
    """None: no pictures of events are kept."""
    board: ShowOptions = field(default_factory=ShowOptions)
    commands: bool = False
    """Whether commands over the broker are taken."""
    announce: Callable[[Iterable[StreamStages]], None] = to_nobody
    """Tells others which watches there are and what they can recognize."""
    audience: Audience = field(default_factory=Nobody)
    """Who looks on over HTTP."""


async def until(stop: asyncio.Event, tasks: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run the tasks until `stop` is set, then cancel them. An error in one cancels the others and is raised."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task) for task in tasks]
        await stop.wait()
        for task in running:
            task.cancel()


class Worker:
    """Runs a plan until it is told to stop, or until every stream has come to its end (cameras never do)."""

    def __init__(self, plan: Plan, clock: Clock, metrics: Metrics, health: Health) -> None:
        self._plan = plan
        self._clock = clock
        self._metrics = metrics
        self._health = health

    async def run(self, stop: asyncio.Event) -> None:
        """Stopping order: ingest and inference, open actions, emitter, delivery, evidence, sink, outbox.

        Raises:
            OutboxUnavailable: the outbox cannot be opened.
        """
        plan = self._plan
        async with AsyncExitStack() as stack:
            outbox = await stack.enter_async_context(plan.outbox.open(self._clock, self._metrics.delivery))
            self._metrics.machine.keeps(plan.outbox.folder, outbox.budget_bytes)
            await outbox.adopt()
            known = await outbox.outlet().newest()
            sink = await stack.enter_async_context(plan.sink)
            watches = {stream.id: stream.watches for stream in plan.streams}
            showing = self._shown(watches, outbox, sink)
            evidence = plan.evidence
            shown = None if evidence is None else evidence.attach
            emitter = Emitter(
                outbox, self._metrics.clock_of, self._clock, self._metrics, shown=shown, beside=showing.tell
            )
            left_open: list[OpenAction | OpenCycle] = [*await outbox.open_actions(), *await outbox.open_cycles()]
            emitter.emit(one.interrupted(self._clock.now()) for one in left_open)
            others = {one.name: await stack.enter_async_context(other) for one, other in plan.outbox.others}
            deliveries = Deliveries(outbox, {MAIN: sink, **others}, self._clock, self._metrics.delivery)
            desk = Desk(outbox, deliveries.replay, self._clock)
            if plan.outbox.replay_s:
                sink.on_loss(deliveries.lost, known)
            if plan.commands:
                replay = deliveries.lost if plan.outbox.replay_s else None
                Commands(sink, watches, showing, replay, self._metrics.board)
            async with asyncio.TaskGroup() as services:
                # The outbox ends only by a bug here: then so does the process, with its traceback.
                services_of = [emitter.run(), deliveries.run(), outbox.ended(), Gaps(outbox, self._clock).run()]
                services_of += [] if evidence is None else [evidence.run()]
                running = [services.create_task(service) for service in services_of]
                self._health.ready = True
                await self._watch_streams(stop, outbox, sink, showing, emitter, desk)
                self._health.ready = False
                if await emitter.flush(plan.grace_s):
                    await deliveries.drain(plan.grace_s)
                if evidence is not None:
                    await evidence.close(plan.grace_s)
                for task in running:
                    task.cancel()

    def _shown(self, watches: Mapping[str, Sequence[Watch]], outbox: Outbox, sink: StatusSink) -> Showing:
        """What is shown of streams, and told to those who look on, as what is stored is."""
        told = self._plan.audience
        showing = Showing(watches, sink, self._plan.board, self._clock, self._metrics.board, told.shown)
        told.joins(showing.acknowledge)
        outbox.stored = told.stored
        return showing

    async def _watch_streams(
        self, stop: asyncio.Event, outbox: Outbox, sink: StatusSink, showing: Showing, emitter: Emitter, desk: Desk
    ) -> None:
        plan = self._plan
        keeper = None if plan.hard_examples is None else HardExamples(plan.hard_examples, self._clock, self._metrics)
        sustain = Sustain(self._metrics, keeper)
        running = self._running(emitter, sustain)
        UnitNames(sink, running.lanes, self._clock, self._metrics)
        others = partial(self._others_watch, running, showing)
        others()
        promoter = Promoter(plan.candidates, Promotions(plan.data_dir), running, self._clock, self._metrics, others)

        answered = partial(self._answered, running, showing, sustain)
        try:
            async with listening(plan.data_dir, desk.before(promoter.answer)):
                await until(
                    stop,
                    [
                        self._follow_all(running, outbox, showing, stop),
                        promoter.run(),
                        plan.audience.run(),
                        showing.run(lambda stream: running.lanes[stream].newest_frame_s),
                        *(serving.run(answered) for serving in running.servings.values()),
                        self._feel_the_lag(running.servings),
                        self._tick(running.lanes, showing),
                    ],
                )
        finally:
            for serving in running.servings.values():
                serving.close()
            for lane in running.lanes.values():
                lane.close(Reason.SHUTDOWN)
            showing.close()
            sustain.close()

    def _answered(
        self, running: Running, showing: Showing, sustain: Sustain, clip: Clip, prediction: Prediction | None
    ) -> None:
        self._metrics.looked_at(clip.stream, self._clock.now() - clip.captured_at)
        showing.answered(clip.stream, clip.watch)
        if self._plan.evidence is not None:
            self._plan.evidence.saw(clip)
        if prediction is not None:
            lane = running.lanes[clip.stream]
            self._plan.audience.answered(prediction, lane.stages.watches[clip.watch].labels)
            disagreed = lane.answer(prediction)
            recognizer = lane.stages.watches[clip.watch].recognizer
            sustain.saw(recognizer, running.servings[recognizer].model, clip, prediction, disagreed)

    def _running(self, emitter: Emitter, sustain: Sustain) -> Running:
        plan, gate, shadows = self._plan, Gate(self._clock), dict[str, Shadow]()
        servings = {
            name: Serving(name, model, plan.batch, plan.deadline_s, self._clock, self._metrics, gate)
            for name, model in plan.models.items()
        }
        schedulers = {name: serving.scheduler for name, serving in servings.items()}
        lanes = {
            stream.id: Lane(
                StreamStages(stream.id, stream.watches),
                schedulers,
                emitter,
                self._clock,
                self._metrics,
                loss_free=stream.loss_free,
                shadows=shadows,
            )
            for stream in plan.streams
        }
        demands = {stream.id: stream.demand for stream in plan.streams}
        disagreed = partial(sustain.may_be_hard, disagreed=True)
        return Running(servings, lanes, demands, shadows, gate, disagreed)

    def _others_watch(self, running: Running, showing: Showing) -> None:
        """Other networks than before, or the first ones."""
        lanes = running.lanes.items()
        showing.watched_by({name: {one.id: one.model for one in lane.stages.watches.values()} for name, lane in lanes})
        self._plan.announce(lane.stages for lane in running.lanes.values())

    async def _follow_all(self, running: Running, outbox: Outbox, showing: Showing, stop: asyncio.Event) -> None:
        async with asyncio.TaskGroup() as group:
            for stream in self._plan.streams:
                self._metrics.stream_added(stream.id, [watch.id for watch in stream.watches])
                for watch in stream.watches:
                    if watch.procedure is not None:
                        self._metrics.procedure_added(stream.id, watch.id)
                attempt = partial(
                    reconnecting,
                    stream.source,
                    partial(outbox.next_epoch, stream.id),
                    stream.retry or self._plan.retry,
                    self._clock,
                    partial(self._changed, stream.id, running, showing),
                )
                group.create_task(running.lanes[stream.id].follow(attempt))
        stop.set()

    def _changed(self, stream: str, running: Running, showing: Showing, change: Change) -> None:
        self._metrics.stream_changed(stream, change.state)
        showing.connection(stream, change.state == "live", change.reason or change.state)
        self._plan.audience.changed(stream, change)
        if change.state in ("backoff", "rejected"):
            _log.warning(
                "stream %s: %s (%s); next try in %.1f s", stream, change.reason, change.detail, change.retry_in_s
            )
            running.lanes[stream].lose()
            if self._plan.evidence is not None:
                self._plan.evidence.lost(stream)
            for serving in running.servings.values():
                serving.forget(stream)
        elif change.state == "ended" and change.reason:
            _log.error("stream %s: the recording ends early: %s (%s)", stream, change.reason, change.detail)
        elif change.state == "live":
            _log.info("stream %s: live, epoch %d", stream, change.epoch)

    async def _feel_the_lag(self, servings: Mapping[str, Serving]) -> None:
        """How late the loop comes to what is due, whether somebody set the clock, and how much waits."""
        apart_s = self._clock.now() - self._clock.monotonic()
        while True:
            due_s = self._clock.monotonic() + LAG_EVERY_S
            await self._clock.sleep(LAG_EVERY_S)
            self._metrics.loop_lag(max(0.0, self._clock.monotonic() - due_s))
            before_s, apart_s = apart_s, self._clock.now() - self._clock.monotonic()
            if abs(apart_s - before_s) > CLOCK_SET_S:
                self._metrics.machine.clock_stepped()
                _log.warning("this machine's clock was set by %+.1f s", apart_s - before_s)
            for name, serving in servings.items():
                self._metrics.queue_depth(name, len(serving.scheduler))

    async def _tick(self, lanes: Mapping[str, Lane], showing: Showing) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            for stream, lane in lanes.items():
                lane.tick()
                showing.sight(stream, lane.stages.blind or None)
                self._plan.audience.decoded(stream, self._metrics.pictures[stream])
