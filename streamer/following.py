"""The streams that a worker watches: how one comes, is stopped, begins anew and goes, and the others go on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from streamer.clock import Clock
from streamer.emitter import Emitter
from streamer.errors import NotNow
from streamer.event import OpenAction, OpenCycle, Reason
from streamer.lane import Lane
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.naming import UnitNames
from streamer.outbox import Outbox
from streamer.plan import Plan, StreamPlan
from streamer.promoter import Candidates, Promoter, Running
from streamer.recognizing import Recognizing
from streamer.showing import Showing
from streamer.sources.reconnect import Change, reconnecting
from streamer.stages import StreamStages
from streamer.sustain import Sustain

_log = logging.getLogger(__name__)

MOST_LEFT = 1000
"""Prefixes of streams that are no more; what waits of them in the outbox goes where it would have gone."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the streams of a worker stand in."""

    plan: Plan
    outbox: Outbox
    showing: Showing
    emitter: Emitter
    names: UnitNames
    sustain: Sustain
    told: Callable[[], None]
    """Called when there are other streams, or other networks look at them."""
    clock: Clock
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Turn:
    """Streams that go and streams that come, in one step. One that is in both begins anew."""

    leaving: Mapping[str, Reason] = field(default_factory=dict)
    joining: Callable[[Mapping[str, Model]], Sequence[StreamPlan]] = lambda _: ()
    """Makes plans with the networks that are live at the moment. Raises ConfigError; then nothing has changed."""
    models: Mapping[str, Model] = field(default_factory=dict)
    """Recognizers that do not run yet, or that others take the place of: then all streams that use one are leaving."""
    candidates: Candidates | None = None
    """Where networks come from afterwards; None: from where they did."""
    stopped: Collection[str] = ()
    """Of those that join, the ones that wait until somebody starts them."""


class _Followed:
    """A stream of the roster, with what became of it."""

    def __init__(self, plan: StreamPlan) -> None:
        self.plan = plan
        self.epoch = 0
        self.task: asyncio.Task[None] | None = None
        self.stopped = False
        self.over = False
        """A recording that came to its end."""


class Following:
    """Lives on the event loop. What is asked of it is done in turn with promotions.

    A stream's coming and going concerns it alone: recognizers, clips that wait and connections of the others stay as
    they are. Every action that it has open ends, with the reason.
    """

    def __init__(self, around: Around, running: Running, recognizing: Recognizing, promoter: Promoter) -> None:
        self._around, self._running, self._recognizing, self._promoter = around, running, recognizing, promoter
        self._followed: dict[str, _Followed] = {}
        self._group = asyncio.TaskGroup()
        self._open = False
        self._all_over = asyncio.Event()

    @property
    def streams(self) -> Collection[str]:
        """Ids, in the order in which they came."""
        return self._followed.keys()

    @property
    def watched(self) -> list[StreamPlan]:
        """Plans of those that are not stopped."""
        return [one.plan for one in self._followed.values() if not one.stopped]

    @property
    def models(self) -> dict[str, Model]:
        """What is live, by recognizer."""
        return {name: serving.model for name, serving in self._running.servings.items()}

    def newest_frame_s(self, stream: str) -> float | None:
        """When its newest picture came, on the clock that never steps; None: none has, or it has gone."""
        lane = self._running.lanes.get(stream)
        return None if lane is None else lane.newest_frame_s

    async def run(self, stop: asyncio.Event) -> None:
        """Watch the streams of the plan, and whoever joins them; sets `stop` when the last recording has ended."""
        plan = self._around.plan
        async with self._group:
            self._open = True
            try:
                for name in tuple(plan.models):
                    self._recognizing.serve(name, plan.models.pop(name))
                for stream in plan.streams:
                    self._join(stream)
                self._around.told()
                await self._all_over.wait()
                stop.set()
                await asyncio.Event().wait()
            finally:
                self._open = False
                for lane in self._running.lanes.values():
                    lane.begin_no_more()

    async def apply(self, turn: Turn) -> None:
        """Streams go and come.

        Raises:
            ConfigError: one of them cannot be made; nothing has changed.
            NotNow: the service begins, or ends.
        """
        async with self._promoter.turn:
            self._check_open()
            plans = turn.joining({**self.models, **turn.models})
            leaving = [self._leave(stream, reason) for stream, reason in turn.leaving.items()]
            await self._end([one.task for one in leaving])
            self._check_open()
            for one in leaving:
                self._around.metrics.stream_removed(one.plan.id)
            await self._renew(turn)
            self._show(set(turn.leaving), plans)
            stay = {plan.id for plan in plans}
            for beside in (beside for one in leaving if one.plan.id not in stay for beside in one.plan.beside):
                beside.leave()  # after the last that is shown of it
            for plan in plans:
                self._join(plan, plan.id in turn.stopped)
            self._around.told()
            for plan in plans:
                await self._promoter.joined(plan.id)
            await self._let_go()

    async def stop(self, stream: str) -> None:
        """Watch it no more until it is started; what is known of it stays. A second time is harmless."""
        async with self._promoter.turn:
            one = self._followed[stream]
            if one.stopped:
                return
            one.stopped = True
            self._part(one, Reason.STOPPED)
            self._changed(one, Change("stopped", one.epoch, "stopped"))
            await self._end([one.task])
            one.task = None

    async def start(self, stream: str) -> None:
        """Watch it again, as it was when it was stopped, or a recording from its beginning."""
        async with self._promoter.turn:
            self._check_open()
            one = self._followed[stream]
            if one.stopped or one.over:
                self._running.lanes[stream] = self._lane(one.plan, self._running.lanes[stream].stages)
                self._around.names.leave(stream)
                self._around.names.join(self._running.lanes[stream])
                self._begin(one)
                self._changed(one, Change("connecting", one.epoch))  # who started it is not told that it is stopped

    async def inherit(self, streams: Collection[str], term: int) -> None:
        """Before streams join that another worker had: take over what waits of them in the outbox of one that is dead,
        end what it left open, and count from `term` on."""
        around = self._around
        await around.outbox.adopt(streams)
        await around.outbox.outrank(term)
        left: list[OpenAction | OpenCycle] = [*await around.outbox.open_actions(), *await around.outbox.open_cycles()]
        mine = [one for one in left if one.stream in streams and one.stream not in self._followed]
        around.emitter.emit(one.interrupted(around.clock.now()) for one in mine)

    def degrade(self, stream: str, level: int) -> None:
        """Look at one of level + 1 clips, of watches whose clips stand alone; at once, and nothing ends by it."""
        self._running.lanes[stream].level = level
        self._around.showing.degraded(stream, level)

    def batch_s(self) -> float:
        """How long the engine that has been busy longest is at its batch."""
        now_s = self._around.clock.monotonic()
        return max((serving.busy_s(now_s) for serving in self._running.servings.values()), default=0.0)

    def stages(self, stream: str) -> StreamStages:
        """Its watches, with the networks that look now."""
        return self._running.lanes[stream].stages

    def is_stopped(self, stream: str) -> bool:
        return self._followed[stream].stopped

    def close(self) -> None:
        """Nothing comes any more: end what is open."""
        for serving in self._running.servings.values():
            serving.close()
        for lane in self._running.lanes.values():
            lane.close(Reason.SHUTDOWN)

    def _check_open(self) -> None:
        if not self._open:
            raise NotNow("the service does not run yet, or ends now; try again when it is ready")

    # How a stream comes

    def _show(self, leaving: Collection[str], plans: Sequence[StreamPlan]) -> None:
        prefixes = self._around.plan.prefixes
        for plan in plans:
            prefixes.pop(plan.id, None)
            prefixes |= {} if plan.prefix is None else {plan.id: plan.prefix}
        known = {*self._followed, *(plan.id for plan in plans)}
        for stream in [one for one in prefixes if one not in known][:-MOST_LEFT]:
            del prefixes[stream]
        self._around.showing.rearrange(leaving, {plan.id: plan.watches for plan in plans})

    def _join(self, plan: StreamPlan, stopped: bool = False) -> None:
        around = self._around
        if plan.evidence is not None and around.plan.evidence is not None:
            around.plan.evidence.join(plan.id, plan.evidence)
        for beside in plan.beside:
            beside.join()
        around.sustain.hide(plan.id, plan.redactor)
        around.metrics.stream_added(plan.id, [watch.id for watch in plan.watches])
        for watch in plan.watches:
            if watch.procedure is not None:
                around.metrics.procedure_added(plan.id, watch.id)
        lane = self._running.lanes[plan.id] = self._lane(plan, StreamStages(plan.id, plan.watches))
        self._running.demands[plan.id] = plan.demand
        around.names.join(lane)
        one = self._followed[plan.id] = _Followed(plan)
        if stopped:
            one.stopped = True
            self._changed(one, Change("stopped", 0, "stopped"))
        else:
            self._begin(one)

    def _lane(self, plan: StreamPlan, like: StreamStages) -> Lane:
        around = self._around
        return Lane(
            StreamStages(plan.id, tuple(like.watches.values())),
            self._running.schedulers,
            around.emitter,
            around.clock,
            around.metrics,
            loss_free=plan.loss_free,
            shadows=self._running.shadows,
        )

    def _begin(self, one: _Followed) -> None:
        one.stopped = one.over = False
        one.task = self._group.create_task(self._follow(one))

    async def _follow(self, one: _Followed) -> None:
        around, stream = self._around, one.plan.id
        attempt = partial(
            reconnecting,
            one.plan.source,
            partial(around.outbox.next_epoch, stream),
            one.plan.retry or around.plan.retry,
            around.clock,
            partial(self._changed, one),
        )
        await self._running.lanes[stream].follow(attempt)
        one.over = True
        if not around.plan.lasting and all(other.over for other in self._followed.values()):
            self._all_over.set()

    def _changed(self, one: _Followed, change: Change) -> None:
        around, stream = self._around, one.plan.id
        if self._followed.get(stream) is not one or one.stopped is not (change.state == "stopped"):
            return  # the last word of a connection that somebody ended
        one.epoch = change.epoch
        around.metrics.stream_changed(stream, change.state)
        around.showing.connection(stream, change.state == "live", change.reason or change.state)
        around.plan.audience.changed(stream, change)
        if change.state in ("backoff", "rejected"):
            _log.warning(
                "stream %s: %s (%s); next try in %.1f s", stream, change.reason, change.detail, change.retry_in_s
            )
            self._running.lanes[stream].lose()
            if around.plan.evidence is not None:
                around.plan.evidence.lost(stream)
            self._recognizing.forget(stream)
        elif change.state == "ended" and change.reason:
            _log.error("stream %s: the recording ends early: %s (%s)", stream, change.reason, change.detail)
        elif change.state == "live":
            _log.info("stream %s: live, epoch %d", stream, change.epoch)

    # How one goes

    def _leave(self, stream: str, reason: Reason) -> _Followed:
        """Everything that needs no waiting, so that nobody ever sees half of it."""
        one = self._followed[stream]
        if not one.stopped:
            self._part(one, reason)
        self._promoter.left(stream)
        if self._around.plan.evidence is not None:
            self._around.plan.evidence.leave(stream)
        self._around.names.leave(stream)
        self._around.sustain.hide(stream, None)
        del self._followed[stream], self._running.lanes[stream], self._running.demands[stream]
        return one

    def _part(self, one: _Followed, reason: Reason) -> None:
        """End the connection and what is open."""
        stream = one.plan.id
        if one.task is not None:
            one.task.cancel()
        lane = self._running.lanes[stream]
        lane.close(reason)
        lane.lose()
        if self._around.plan.evidence is not None:
            self._around.plan.evidence.lost(stream)
        self._recognizing.forget(stream)
        self._around.metrics.sight(stream, "")

    async def _end(self, tasks: Sequence[asyncio.Task[None] | None]) -> None:
        """Wait until connections that were told to end are closed; a lane that is closed never begins anew."""
        left = [task for task in tasks if task is not None]
        if left:
            await asyncio.wait(left)

    # Recognizers come and go with those who use them

    async def _renew(self, turn: Turn) -> None:
        if turn.candidates is not None:
            self._promoter.use(turn.candidates)
        for name, model in turn.models.items():
            if name in self._running.servings:
                await self._dismiss(name)
            self._recognizing.serve(name, model)
            self._promoter.began(name)

    async def _let_go(self) -> None:
        used = {watch.recognizer for lane in self._running.lanes.values() for watch in lane.stages.watches.values()}
        for name in [one for one in self._running.servings if one not in used]:
            await self._dismiss(name)
            self._around.metrics.recognizer_removed(name)

    async def _dismiss(self, name: str) -> None:
        await self._promoter.ended(name)
        self._recognizing.dismiss(name)
        self._around.sustain.forget(name)
