"""A stream while it runs: frames in, clips to the schedulers, predictions back, events out."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from types import MappingProxyType
from typing import Protocol
from zlib import crc32

from recognizers.clip import Clip
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.emitter import Emitter
from streamer.event import ActionEvent, Phase, Reason
from streamer.frame import Frame
from streamer.scheduler import Scheduler
from streamer.shadow import Shadow
from streamer.stages import StreamStages

_log = logging.getLogger(__name__)

AFTER_A_BUG_S = 10.0
"""Pause before a stream whose own code failed is started again."""
NO_SHADOWS: Mapping[str, Shadow] = MappingProxyType({})
SQUARE_SHARE = 0.75
"""Regions of which the recognizer sees less are told of."""


class Observer(Protocol):
    def frame(self, stream: str, captured_at: float) -> None: ...

    def clip_cut(self, stream: str, coverage: float) -> None: ...

    def clip_shed(self, stream: str, reason: str) -> None: ...

    def decided(self, latency_s: float) -> None: ...

    def actors(self, stream: str, watch: str, count: int) -> None: ...

    def sight(self, stream: str, blind: str) -> None:
        """Why pictures show nothing from now on: frozen, dark or blocked; empty: they show something."""
        ...

    def scores_not_finite(self, stream: str, watch: str) -> None: ...


class Lane:
    """Joins one stream's pure stages with what runs around them. Lives on the event loop."""

    def __init__(
        self,
        stages: StreamStages,
        schedulers: Mapping[str, Scheduler],
        emitter: Emitter,
        clock: Clock,
        observer: Observer,
        loss_free: bool = False,
        shadows: Mapping[str, Shadow] = NO_SHADOWS,
    ) -> None:
        """`schedulers` by recognizer name, and `shadows` too: those that there are at the moment. With `loss_free`, the
        source waits until each of its clips is answered."""
        self.stages = stages
        self._schedulers = schedulers
        self._emitter = emitter
        self._clock = clock
        self._observer = observer
        self._loss_free = loss_free
        self._shadows = shadows
        self._is_closed = False
        self.level = 0
        """Of so many clips more than one that stand alone, one is looked at."""
        # Which one differs from stream to stream: those that began together would all ask at the same moment.
        self._turn = crc32(stages.stream.encode())
        self.newest_frame_s: float | None = None
        """When the newest picture came, on the clock that never steps; None: none has."""

    async def follow(self, attempt: Callable[[], AsyncGenerator[Frame, None]]) -> None:
        """Read frames until a recording ends, a camera's for ever. Its failure, even a bug, never stops another."""
        while True:
            try:
                async with aclosing(attempt()) as frames:
                    async for frame in frames:
                        await self.take(frame)
                await self._settled()
                return self.close(Reason.SOURCE_ENDED)
            except Exception:
                _log.exception("stream %s failed by a bug; it starts again in %g s", self.stages.stream, AFTER_A_BUG_S)
                if self._is_closed:  # which ends it all the same
                    return
            self.lose()
            await self._clock.sleep(AFTER_A_BUG_S)

    async def take(self, frame: Frame) -> None:
        """Offer the clips that are complete with the frame."""
        if frame.epoch != self.stages.epoch:
            self.lose()
            self.stages.begin(frame.epoch)
            for shadow in self._shadows.values():
                shadow.begin(frame.stream, frame.epoch)
            self._warn_of_unseen(frame)
        self.newest_frame_s = self._clock.monotonic()
        self._observer.frame(frame.stream, frame.captured_at)
        before = self.stages.blind
        self._emitter.emit(self.stages.look(frame))
        self._tell_of_sight(before)
        for shadow in self._shadows.values():
            shadow.take(frame)
        for clip in self.stages.cut(frame):
            self._offer(clip)
            if self._loss_free:
                await self._settled()

    def answer(self, prediction: Prediction) -> bool:
        """Take what the live network says; whether its shadow was seen to disagree."""
        if not prediction.is_finite:
            self._observer.scores_not_finite(prediction.stream, prediction.watch)
        events = self.stages.observe(prediction)
        actions = [event for event in events if isinstance(event, ActionEvent)]
        for event in actions:
            if event.phase is Phase.STARTED:
                self._observer.decided(max(0.0, event.decided_at - event.started_at))
        self._emitter.emit(events)
        if prediction.actors is not None:
            for watch, count in self.stages.people().items():
                self._observer.actors(prediction.stream, watch, count)
        shadow = self._shadows.get(self.stages.watches[prediction.watch].recognizer)
        return shadow is not None and shadow.live(prediction, actions)

    def promote(self, understudy: StreamStages) -> None:
        """Go on with the networks of a candidate's watches, in the same epoch."""
        self._emitter.emit(self.stages.promote(understudy))

    def lose(self) -> None:
        """The epoch is over: end what is open now, not when the camera is back."""
        self._nobody_is_seen()
        before = self.stages.blind
        self._emitter.emit(self.stages.end(Reason.SOURCE_LOST))
        self._tell_of_sight(before)
        for scheduler in self._schedulers.values():
            scheduler.forget(self.stages.stream)
        for shadow in self._shadows.values():
            shadow.end(self.stages.stream)

    def begin_no_more(self) -> None:
        """It is about to be told to end: what goes wrong at that is no reason to begin anew."""
        self._is_closed = True

    def close(self, reason: Reason) -> None:
        """Nothing more will come: end all."""
        self.begin_no_more()
        self._nobody_is_seen()
        self._emitter.emit(self.stages.close(reason))

    def tick(self) -> None:
        """Time goes by, also while no picture comes."""
        self._emitter.emit(self.stages.passed(self._clock.now()))

    def _tell_of_sight(self, before: str) -> None:
        stream, blind = self.stages.stream, self.stages.blind
        if blind != before:
            self._observer.sight(stream, blind)
            if blind:
                _log.warning("stream %s: its pictures show nothing: %s", stream, blind)
            else:
                _log.warning("stream %s: it sees again", stream)

    def _nobody_is_seen(self) -> None:
        for watch in self.stages.people():
            self._observer.actors(self.stages.stream, watch, 0)

    def _warn_of_unseen(self, frame: Frame) -> None:
        height, width = frame.picture.shape[:2]
        for watch in self.stages.watches.values():
            share = watch.region.square_share(width, height)
            if watch.spec.square and share < SQUARE_SHARE:
                words = "stream %s, watch %s: only the central square of its region is looked at, %.0f %% of it; "
                words += "give a region that is nearly square in pixels"
                _log.warning(words, frame.stream, watch.id, 100 * share)

    async def _settled(self) -> None:
        for scheduler in tuple(self._schedulers.values()):
            await scheduler.settled(self.stages.stream)

    def _offer(self, clip: Clip) -> None:
        watch = self.stages.watches[clip.watch]
        self._observer.clip_cut(clip.stream, clip.coverage)
        if not watch.spec.continual and (clip.index + self._turn) % (self.level + 1):
            self._observer.clip_shed(clip.stream, "degraded")
        elif clip.coverage < watch.min_coverage:
            self._observer.clip_shed(clip.stream, "coverage")
        else:
            self._schedulers[watch.recognizer].offer(clip)
            if (shadow := self._shadows.get(watch.recognizer)) is not None:
                shadow.offer(clip)
