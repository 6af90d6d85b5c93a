"""One process's streams, from camera to broker: who runs, and in which order it stops."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from recognizers.errors import RecognizerError
from recognizers.recognizer import Recognizer
from streamer.clock import Clock
from streamer.delivery import Delivery
from streamer.emitter import Emitter
from streamer.engine import Engine, LocalEngine
from streamer.event import Reason
from streamer.health import Health
from streamer.lane import Lane
from streamer.metrics import Metrics
from streamer.outbox import Outbox
from streamer.scheduler import Scheduler
from streamer.sinks.base import StatusSink
from streamer.sources.base import Source
from streamer.sources.reconnect import Change, RetryPolicy, reconnecting
from streamer.stages import StreamStages, Watch
from streamer.wire import timestamp

_log = logging.getLogger(__name__)

LAG_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """One stream as the worker will run it."""

    id: str
    source: Source
    watches: tuple[Watch, ...]
    loss_free: bool = False
    """No clip of it is shed: its source can wait (recordings)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a worker runs, made by `streamer.build`."""

    streams: tuple[StreamPlan, ...]
    recognizers: Mapping[str, Recognizer]
    sink: AbstractAsyncContextManager[StatusSink]
    outbox_folder: Path
    outbox_bytes: int
    batch: int
    deadline_s: float
    grace_s: float
    retry: RetryPolicy


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
        """Stopping order: ingest and inference, open actions, emitter, delivery, sink, outbox.

        Raises:
            OutboxUnavailable: the outbox cannot be opened.
        """
        plan = self._plan
        async with AsyncExitStack() as stack:
            outbox = await stack.enter_async_context(
                Outbox.open(
                    plan.outbox_folder, clock=self._clock, observer=self._metrics, budget_bytes=plan.outbox_bytes
                )
            )
            sink = await stack.enter_async_context(plan.sink)
            engines = {
                name: await stack.enter_async_context(LocalEngine(name, recognizer))
                for name, recognizer in plan.recognizers.items()
            }
            emitter = Emitter(outbox, self._metrics.clock_of, self._clock, self._metrics)
            emitter.emit(action.interrupted(self._clock.now()) for action in await outbox.open_actions())
            delivery = Delivery(outbox, sink, self._clock, self._metrics)
            async with asyncio.TaskGroup() as services:
                # The outbox ends only by a bug here: then so does the process, with its traceback.
                services_of = (emitter.run(), delivery.run(), outbox.ended())
                running = [services.create_task(service) for service in services_of]
                self._health.ready = True
                await self._watch_streams(stop, outbox, sink, engines, emitter)
                self._health.ready = False
                if await emitter.flush(plan.grace_s):
                    await delivery.drain(plan.grace_s)
                for task in running:
                    task.cancel()

    async def _watch_streams(
        self,
        stop: asyncio.Event,
        outbox: Outbox,
        sink: StatusSink,
        engines: Mapping[str, LocalEngine],
        emitter: Emitter,
    ) -> None:
        plan = self._plan
        schedulers = {
            name: Scheduler(plan.batch, plan.deadline_s, self._clock, self._metrics, recognizer.spec.continual)
            for name, recognizer in plan.recognizers.items()
        }
        lanes = {
            stream.id: Lane(
                StreamStages(stream.id, stream.watches),
                schedulers,
                emitter,
                self._clock,
                self._metrics,
                loss_free=stream.loss_free,
            )
            for stream in plan.streams
        }
        try:
            await until(
                stop,
                [
                    self._follow_all(lanes, outbox, engines, sink, stop),
                    *(self._answer(name, schedulers[name], engines[name], lanes) for name in engines),
                    self._feel_the_lag(schedulers),
                ],
            )
        finally:
            for lane in lanes.values():
                lane.end(Reason.SHUTDOWN)
                self._show(sink, lane.stages.stream, "offline", "shutdown")

    async def _follow_all(
        self,
        lanes: Mapping[str, Lane],
        outbox: Outbox,
        engines: Mapping[str, LocalEngine],
        sink: StatusSink,
        stop: asyncio.Event,
    ) -> None:
        async with asyncio.TaskGroup() as group:
            for stream in self._plan.streams:
                self._metrics.stream_added(stream.id, [watch.id for watch in stream.watches])
                lane = lanes[stream.id]
                attempt = partial(
                    reconnecting,
                    stream.source,
                    partial(outbox.next_epoch, stream.id),
                    self._plan.retry,
                    self._clock,
                    partial(self._changed, stream.id, lane, engines, sink),
                )
                group.create_task(lane.follow(attempt))
        stop.set()

    def _changed(
        self, stream: str, lane: Lane, engines: Mapping[str, LocalEngine], sink: StatusSink, change: Change
    ) -> None:
        self._metrics.stream_changed(stream, change.state)
        online = change.state == "live"
        self._show(sink, stream, "online" if online else "offline", change.reason or change.state)
        if change.state in ("backoff", "rejected"):
            _log.warning(
                "stream %s: %s (%s); next try in %.1f s", stream, change.reason, change.detail, change.retry_in_s
            )
            lane.lose()
            for engine in engines.values():
                engine.forget(stream)
        elif change.state == "ended" and change.reason:
            _log.error("stream %s: the recording ends early: %s (%s)", stream, change.reason, change.detail)
        elif change.state == "live":
            _log.info("stream %s: live, epoch %d", stream, change.epoch)

    async def _answer(self, name: str, scheduler: Scheduler, engine: Engine, lanes: Mapping[str, Lane]) -> None:
        """Look at clips for ever, a batch at a time."""
        while True:
            clips = await scheduler.next_batch()
            began_s = self._clock.monotonic()
            try:
                predictions = await engine.infer(clips)
            except RecognizerError as error:
                _log.error("recognizer %s failed on a batch of %d clips: %s", name, len(clips), error)
                self._metrics.inferred(name, "error", len(clips), self._clock.monotonic() - began_s)
                continue
            self._metrics.inferred(name, "ok", len(clips), self._clock.monotonic() - began_s)
            for clip, prediction in zip(clips, predictions, strict=True):
                self._metrics.looked_at(clip.stream, self._clock.now() - clip.captured_at)
                if prediction is not None:
                    lanes[clip.stream].answer(prediction)

    def _show(self, sink: StatusSink, stream: str, status: str, reason: str) -> None:
        body = {"status": status, "reason": reason, "since": timestamp(self._clock.now())}
        sink.state(f"{stream}/status", body)

    async def _feel_the_lag(self, schedulers: Mapping[str, Scheduler]) -> None:
        """How late the loop comes to what is due, and how much waits."""
        while True:
            due_s = self._clock.monotonic() + LAG_EVERY_S
            await self._clock.sleep(LAG_EVERY_S)
            self._metrics.loop_lag(max(0.0, self._clock.monotonic() - due_s))
            for name, scheduler in schedulers.items():
                self._metrics.queue_depth(name, len(scheduler))
