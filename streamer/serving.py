"""One recognizer of a configuration while it runs: the network that answers now, and how another takes its place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from recognizers.clip import Clip
from recognizers.errors import RecognizerError
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.engine import LocalEngine
from streamer.gate import Gate
from streamer.model import Model
from streamer.scheduler import Scheduler
from streamer.shadow import Shadow

_log = logging.getLogger(__name__)

Answered = Callable[[Clip, Prediction | None], None]
Looked = Callable[[Sequence[Clip], Sequence[float], float], None]
"""Is told of clips that were answered together: how long each waited, and how long it took (seconds)."""


def unseen(_clips: Sequence[Clip], _waited_s: Sequence[float], _took_s: float) -> None:
    """Nobody asks how clips were answered."""


class Observer(Protocol):
    def clip_shed(self, stream: str, reason: str) -> None: ...

    def queued(self, took_s: float) -> None: ...

    def inferred(self, recognizer: str, result: str, clips: int, took_s: float) -> None: ...


class Serving:
    """Answers clips for ever, a batch at a time. Networks change between two batches."""

    def __init__(
        self, name: str, model: Model, batch: int, deadline_s: float, clock: Clock, observer: Observer, gate: Gate
    ) -> None:
        self.name, self.model = name, model
        self._clock, self._observer, self._gate = clock, observer, gate
        self._engine = LocalEngine(name, model.recognizer)
        continual = model.recognizer.spec.continual
        self.scheduler = Scheduler(batch, deadline_s, clock, _Urgent(observer, gate), continual)
        self._busy = False
        self._began_s = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        """Those who want a moment between two batches."""

    async def run(self, answered: Answered, looked: Looked = unseen) -> None:
        """`looked` is told of a batch before `answered` is of each of its clips."""
        while True:
            clips = await self.scheduler.next_batch()
            self._busy, self._began_s = True, self._clock.monotonic()
            with self._gate.busy():
                await self._answer(clips, answered, looked)
            self._busy = False
            while self._waiting:
                between = self._waiting.pop(0)
                if not between.done():
                    between.set_result(None)
                await asyncio.sleep(0)

    async def promote(self, shadow: Shadow) -> None:
        """Put a candidate in the place of the live network, with all that it knows and all that waits for it. It must
        be at rest. Nothing else runs from the moment that is waited for until the return: whoever calls this can change
        what goes with it before anything is answered."""
        if self._busy:
            between = asyncio.get_running_loop().create_future()
            self._waiting.append(between)
            await between
        self._engine.close()
        self._engine = shadow.engine.handed_on(self.name)
        own = [(stream, watch) for stream, one in shadow.stages.items() for watch in one.watches.keys() - one.shared]
        self.scheduler.drop(own, "promoted")
        self.scheduler.take_over(shadow.scheduler)
        self.model = shadow.model

    def busy_s(self, now_s: float) -> float:
        """How long it has been at the batch that it looks at; 0: at none."""
        return now_s - self._began_s if self._busy else 0.0

    def forget(self, stream: str) -> None:
        """The stream's connection is over."""
        self._engine.forget(stream)

    def close(self) -> None:
        self._engine.close()

    async def _answer(self, clips: list[Clip], answered: Answered, looked: Looked) -> None:
        waited_s, began_s = self.scheduler.waited_s, self._clock.monotonic()
        try:
            predictions = await self._engine.infer(clips)
        except RecognizerError as error:
            _log.error("recognizer %s failed on a batch of %d clips: %s", self.name, len(clips), error)
            self._observer.inferred(self.name, "error", len(clips), self._clock.monotonic() - began_s)
            return
        took_s = self._clock.monotonic() - began_s
        self._observer.inferred(self.name, "ok", len(clips), took_s)
        looked(clips, waited_s, took_s)
        for clip, prediction in zip(clips, predictions, strict=True):
            answered(clip, prediction)


class _Urgent:
    """The scheduler's observer: where there is no time for live clips, there is none for shadows."""

    def __init__(self, observer: Observer, gate: Gate) -> None:
        self._observer, self._gate = observer, gate

    def clip_shed(self, stream: str, reason: str) -> None:
        if reason in ("newer", "overload"):
            self._gate.overloaded()
        self._observer.clip_shed(stream, reason)

    def queued(self, took_s: float) -> None:
        self._observer.queued(took_s)
