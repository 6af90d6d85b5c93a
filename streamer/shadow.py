"""A candidate beside a live network: it sees the same, has no say, and goes last."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recognizers.clip import Clip
from recognizers.errors import RecognizerError
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.comparison import Comparison
from streamer.comparison import Observer as ComparisonObserver
from streamer.engine import LAST, LocalEngine
from streamer.event import ActionEvent, Reason
from streamer.frame import Frame
from streamer.gate import Gate
from streamer.model import Model
from streamer.scheduler import Scheduler
from streamer.stages import StreamStages, Watch

_log = logging.getLogger(__name__)

SAME_S = 1e-6
_TOLD_EVERY = 100
"""Failures of which one is logged."""


class Observer(ComparisonObserver, Protocol):
    def queued(self, took_s: float) -> None: ...

    def shadow_shed(self, recognizer: str, reason: str) -> None: ...

    def shadow_inferred(self, recognizer: str, result: str, took_s: float, age_s: float) -> None:
        """A clip was looked at (`ok` or `error`): how long that took, and how old its newest picture was then."""
        ...


Disagreed = Callable[[Clip, Prediction], None]
"""Is told of a clip that the candidate sees otherwise, with what the candidate says."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a candidate stands beside."""

    recognizer: str
    """The recognizer's name in the configuration."""
    live: Model
    watches: Mapping[str, Sequence[Watch]]
    """Of that recognizer, by stream."""


class Shadow:
    """Runs a candidate on whatever clips the live network gets, one at a time and only while no live network is busy.

    Where the candidate wants its clips cut otherwise, they are cut for it from the same pictures. It never publishes,
    and nothing that it does reaches the live path: its failures are counted, and a bug ends it alone.
    """

    def __init__(self, model: Model, beside: Beside, gate: Gate, clock: Clock, observer: Observer) -> None:
        self.model, self.name = model, beside.recognizer
        self._gate, self._clock, self._observer = gate, clock, observer
        spec, before = model.recognizer.spec, beside.live.recognizer
        labels = model.recognizer.labels
        self._same = same = spec == before.spec
        self.stages: dict[str, StreamStages] = {}
        """By stream."""
        for stream, watches in beside.watches.items():
            self.join(stream, watches)
        self.engine = LocalEngine(f"{self.name}-shadow", model.recognizer, LAST)
        self.scheduler = Scheduler(1, 0.0, clock, _Shedding(self.name, observer), spec.continual)
        apart_s = SAME_S if same else max(spec.hop_s, before.spec.hop_s) / 2
        self.comparison = Comparison(self.name, before.labels, labels, apart_s, observer)
        self.warm: set[tuple[str, str]] = set()
        """(stream, watch) that it has answered."""
        self.failures = 0
        self.failure = ""
        """What the latest one said."""
        self.disagreed: Disagreed | None = None
        self._task: asyncio.Task[None] | None = None
        self._busy = False
        self._idle = asyncio.Event()

    def start(self, group: asyncio.TaskGroup) -> None:
        self._task = group.create_task(self._run())

    async def rest(self) -> None:
        """Look at nothing more; returns when what it looks at now is answered. Clips still queue."""
        while self._busy:
            self._idle.clear()
            await self._idle.wait()
        if self._task is not None:
            self._task.cancel()

    def join(self, stream: str, watches: Sequence[Watch]) -> None:
        """Watch these from now on, each as the live network's watch does."""
        model, recognizer = self.model, self.model.recognizer
        own = [
            replace(
                watch,
                spec=recognizer.spec,
                labels=recognizer.labels,
                background=recognizer.background,
                model=model.id,
                thresholds=model.thresholds,
                procedure=None,
            )
            for watch in watches
        ]
        shared = frozenset(watch.id for watch in watches) if self._same else frozenset()
        self.stages[stream] = StreamStages(stream, own, shared)

    def leave(self, stream: str) -> None:
        """The stream is watched no more."""
        self.end(stream)
        self.stages.pop(stream, None)
        self.warm = {one for one in self.warm if one[0] != stream}

    def begin(self, stream: str, epoch: int) -> None:
        """A new connection of the stream; the one before was ended."""
        if stream in self.stages:
            self.stages[stream].begin(epoch)

    def end(self, stream: str) -> None:
        """The connection is over."""
        if stream in self.stages:
            self.stages[stream].end(Reason.SOURCE_LOST)
            self.scheduler.forget(stream)
            self.engine.forget(stream)

    def take(self, frame: Frame) -> None:
        """Cut its own clips, where they are not those of the live network."""
        stages = self.stages.get(frame.stream)
        if stages is not None:
            for clip in stages.cut(frame):
                if clip.coverage >= stages.watches[clip.watch].min_coverage:
                    self._offer(clip)

    def offer(self, clip: Clip) -> None:
        """A clip that the live network gets."""
        stages = self.stages.get(clip.stream)
        if stages is not None and clip.watch in stages.shared:
            self._offer(clip)

    def live(self, prediction: Prediction, events: Sequence[ActionEvent]) -> bool:
        """What the live network said; whether that showed a disagreement."""
        return self.comparison.live(prediction, events)

    def report(self) -> dict[str, object]:
        return {
            "checkpoint": self.model.checkpoint,
            "model": self.model.id,
            **self.comparison.report(),
            "failures": self.failures,
            "failure": self.failure or None,
        }

    def _offer(self, clip: Clip) -> None:
        if self._gate.yields:
            self._observer.shadow_shed(self.name, "yielded")
        else:
            self.scheduler.offer(clip)

    async def _run(self) -> None:
        while True:
            await self.scheduler.due()
            await self._gate.free()
            clips = self.scheduler.take()
            self._busy = True
            try:
                for clip in clips:
                    await self._look(clip)
            except Exception as error:
                # Whatever it is, it is the candidate's alone.
                self._failed(f"{type(error).__name__}: {error}")
                _log.exception(
                    "the shadow of recognizer %s ends by a bug; the live network is not concerned", self.name
                )
                return
            finally:
                self._busy = False
                self._idle.set()

    async def _look(self, clip: Clip) -> None:
        began_s = self._clock.monotonic()
        try:
            (prediction,) = await self.engine.infer([clip])
        except RecognizerError as error:
            self._failed(str(error))
            self._observer.shadow_inferred(self.name, "error", self._clock.monotonic() - began_s, 0.0)
            return
        age_s = self._clock.now() - clip.captured_at
        self._observer.shadow_inferred(self.name, "ok", self._clock.monotonic() - began_s, age_s)
        stages = self.stages.get(clip.stream)
        if prediction is None or stages is None or prediction.epoch != stages.epoch:
            return
        self.warm.add((clip.stream, clip.watch))
        if self.comparison.shadow(prediction, stages.recognized(prediction)) and self.disagreed is not None:
            self.disagreed(clip, prediction)

    def _failed(self, why: str) -> None:
        if self.failures % _TOLD_EVERY == 0:
            _log.error("the shadow of recognizer %s failed on a clip: %s", self.name, why)
        self.failures += 1
        self.failure = why


class _Shedding:
    """The scheduler's observer: what is shed here concerns the shadow alone."""

    def __init__(self, recognizer: str, observer: Observer) -> None:
        self._recognizer, self._observer = recognizer, observer

    def clip_shed(self, stream: str, reason: str) -> None:
        self._observer.shadow_shed(self._recognizer, reason)

    def queued(self, took_s: float) -> None:
        """Not part of the live path's stages."""
