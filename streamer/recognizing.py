"""The recognizers that a worker runs: who answers clips, and what becomes of the answers."""

from __future__ import annotations

import asyncio
from functools import partial

from recognizers.clip import Clip
from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.plan import Plan
from streamer.promoter import Running
from streamer.serving import Serving
from streamer.showing import Showing
from streamer.sustain import Sustain


class Recognizing:
    """One `Serving` for each recognizer that somebody uses. Lives on the event loop."""

    def __init__(
        self, plan: Plan, running: Running, showing: Showing, sustain: Sustain, clock: Clock, metrics: Metrics
    ) -> None:
        self._plan, self._running, self._showing, self._sustain = plan, running, showing, sustain
        self._clock, self._metrics = clock, metrics
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()

    async def run(self) -> None:
        """Answer clips for as long as the task lives."""
        async with self._group:
            await asyncio.Event().wait()

    def serve(self, name: str, model: Model) -> None:
        """Another recognizer answers from now on."""
        plan, running = self._plan, self._running
        serving = Serving(name, model, plan.batch, plan.deadline_s, self._clock, self._metrics, running.gate)
        running.servings[name], running.schedulers[name] = serving, serving.scheduler
        self._tasks[name] = self._group.create_task(serving.run(partial(self._answered, serving), plan.tracing.looked))

    def dismiss(self, name: str) -> None:
        """Nobody asks it any more; what it does now ends by itself."""
        self._tasks.pop(name).cancel()
        self._running.servings.pop(name).close()
        del self._running.schedulers[name]

    def forget(self, stream: str) -> None:
        """The stream's connection is over."""
        for serving in self._running.servings.values():
            serving.forget(stream)

    def _answered(self, serving: Serving, clip: Clip, prediction: Prediction | None) -> None:
        lane = self._running.lanes.get(clip.stream)
        watch = None if lane is None else lane.stages.watches.get(clip.watch)
        if lane is None or watch is None or watch.recognizer != serving.name:
            return  # it was asked before the stream went, or became another
        self._metrics.looked_at(clip.stream, self._clock.now() - clip.captured_at)
        self._showing.answered(clip.stream, clip.watch)
        if self._plan.evidence is not None:
            self._plan.evidence.saw(clip)
        if prediction is not None:
            self._plan.audience.answered(prediction, watch.labels)
            disagreed = lane.answer(prediction)
            self._sustain.saw(serving.name, serving.model, clip, prediction, disagreed)
