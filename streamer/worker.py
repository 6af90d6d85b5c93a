"""One process's streams, from camera to broker: who runs, and in which order it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

from streamer.clock import Clock
from streamer.commands import Commands
from streamer.delivery import Deliveries
from streamer.desk import Desk
from streamer.emitter import Emitter
from streamer.event import Event, OpenAction, OpenCycle
from streamer.following import Around, Following
from streamer.gaps import Gaps
from streamer.gate import Gate
from streamer.hard_examples import HardExamples
from streamer.health import Health
from streamer.lane import Lane
from streamer.metrics import Metrics
from streamer.naming import UnitNames
from streamer.outbox import MAIN, Outbox
from streamer.plan import Plan
from streamer.promoter import Promoter, Running
from streamer.promotions import Promotions
from streamer.recognizing import Recognizing
from streamer.serving import Serving
from streamer.showing import Showing
from streamer.sinks.base import StatusSink
from streamer.stages import Watch
from streamer.sustain import Sustain

_log = logging.getLogger(__name__)

LAG_EVERY_S = 0.5
TICK_S = 1.0
CLOCK_SET_S = 1.0
"""A clock that moves by more against the monotonic one, within `LAG_EVERY_S`, was set; slewing is slower by far."""
Steer = Callable[[Following], Coroutine[Any, Any, None]]
"""Runs beside the streams, and may change which there are."""


async def until(stop: asyncio.Event, tasks: Sequence[Coroutine[Any, Any, None]]) -> None:
    """Run the tasks until `stop` is set, then cancel them. An error in one cancels the others and is raised."""
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(task) for task in tasks]
        await stop.wait()
        for task in running:
            task.cancel()


def _tell(all_: Iterable[Callable[[Event], None]], event: Event) -> None:
    for tell in all_:
        tell(event)


async def nobody(_: Following) -> None:
    """Which streams there are does not change."""


class Worker:
    """Runs a plan until it is told to stop, or until every stream has come to its end (cameras never do)."""

    def __init__(self, plan: Plan, clock: Clock, metrics: Metrics, health: Health, steer: Steer = nobody) -> None:
        self._plan, self._steer = plan, steer
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
            stack.push_async_callback(plan.tracing.aclose)
            outbox = await stack.enter_async_context(plan.outbox.open(self._clock, self._metrics.delivery))
            self._metrics.machine.keeps(plan.outbox.folder, outbox.budget_bytes)
            await outbox.adopt(but=plan.outbox.beside)
            known = await outbox.outlet().newest()
            sink = await stack.enter_async_context(plan.sink)
            watches = {stream.id: stream.watches for stream in plan.streams}
            showing = self._shown(watches, outbox, sink)
            evidence = plan.evidence
            shown = None if evidence is None else evidence.attach
            beside = partial(_tell, (plan.tracing.emitted, showing.tell))
            storing = plan.tracing.storing(outbox)
            emitter = Emitter(storing, self._metrics.clock_of, self._clock, self._metrics, shown=shown, beside=beside)
            left_open: list[OpenAction | OpenCycle] = [*await outbox.open_actions(), *await outbox.open_cycles()]
            emitter.emit(one.interrupted(self._clock.now()) for one in left_open)
            others = {one.name: await stack.enter_async_context(other) for one, other in plan.outbox.others}
            sinks = plan.tracing.sending({MAIN: sink, **others})
            deliveries = Deliveries(outbox, sinks, self._clock, self._metrics.delivery)
            desk = Desk(outbox, deliveries.replay, self._clock)
            if plan.outbox.replay_s:
                sink.on_loss(deliveries.lost, known)
            if plan.commands:
                replay = deliveries.lost if plan.outbox.replay_s else None
                Commands(sink, showing.streams, showing, replay, self._metrics.board, plan.others)
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
        plan, clock, metrics = self._plan, self._clock, self._metrics
        keeper = None if plan.hard_examples is None else HardExamples(plan.hard_examples, clock, metrics)
        sustain = Sustain(metrics, keeper)
        running = Running(Gate(clock), partial(sustain.may_be_hard, disagreed=True))
        others = partial(self._others_watch, running, showing)
        recognizing = Recognizing(plan, running, showing, sustain, clock, metrics)
        promoter = Promoter(plan.candidates, Promotions(plan.data_dir), running, clock, metrics, others)
        names = UnitNames(sink, clock, metrics)
        around = Around(plan, outbox, showing, emitter, names, sustain, others, clock, metrics)
        following = Following(around, running, recognizing, promoter)
        try:
            async with plan.commanded(plan.data_dir, desk.before(promoter.answer)):
                await until(
                    stop,
                    [
                        recognizing.run(),
                        following.run(stop),
                        promoter.run(),
                        plan.audience.run(),
                        showing.run(following.newest_frame_s),
                        self._feel_the_lag(running.servings),
                        self._tick(running.lanes, showing),
                        self._steer(following),
                    ],
                )
        finally:
            following.close()
            showing.close()
            sustain.close()

    def _others_watch(self, running: Running, showing: Showing) -> None:
        """Other networks than before, or the first ones."""
        lanes = running.lanes.items()
        showing.watched_by({name: {one.id: one.model for one in lane.stages.watches.values()} for name, lane in lanes})
        self._plan.announce(lane.stages for lane in running.lanes.values())

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
