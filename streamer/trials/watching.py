"""A recording is looked at once; what other event rules would have made of it is then a matter of milliseconds."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from recognizers.metrics.events import Found, Happening, Matches, matched, together
from recognizers.prediction import Prediction
from streamer.build import demand_of
from streamer.engine import LocalEngine
from streamer.event import Phase
from streamer.frame import Frame
from streamer.replay import answered
from streamer.segmenter import EventRule
from streamer.stages import StreamStages, Watch
from streamer.trials.recording import STREAM, Recording

Rules = Mapping[str, EventRule]
_EPOCH = 1


@dataclass(frozen=True, slots=True)
class Watched:
    """What was said of a recording."""

    name: str
    happened: tuple[Happening, ...]
    predictions: tuple[Prediction, ...]
    length_s: float
    """From its first picture to its last."""

    def found(self, watch: Watch, rules: Rules) -> list[Found]:
        """The starts that a watch would have published by these rules."""
        stages = StreamStages(STREAM, [replace(watch, rules=rules, thresholds={})])
        stages.begin(_EPOCH)
        events = [event for prediction in self.predictions for event in stages.recognized(prediction)]
        return [
            Found(event.action, event.started_at, event.decided_at) for event in events if event.phase is Phase.STARTED
        ]


async def watched(recording: Recording, watch: Watch, engine: LocalEngine) -> Watched:
    """Show a recording to a watch, loss-free, a clip at a time.

    Raises:
        SourceRejected, SourceUnavailable: it cannot be read.
        RecognizerError: the network cannot be asked.
    """
    length_s = 0.0

    async def measured(frames: AsyncGenerator[Frame, None]) -> AsyncGenerator[Frame, None]:
        nonlocal length_s
        async with aclosing(frames):
            async for frame in frames:
                length_s = max(length_s, frame.media_s)
                yield frame

    engine.forget(STREAM)  # nothing is carried on from the recording before
    frames = measured(recording.frames(demand_of((watch,)), _EPOCH))
    said = [one async for one in answered(StreamStages(STREAM, [watch]), {watch.recognizer: engine}, frames)]
    return Watched(recording.name, recording.happened, tuple(said), length_s)


def judged(some: Sequence[Watched], watch: Watch, rules: Rules, tolerance_s: float) -> Matches:
    """The events of all recordings beside what happened in them."""
    return together([matched(one.happened, one.found(watch, rules), tolerance_s) for one in some])


def hours(some: Sequence[Watched]) -> float:
    return sum(one.length_s for one in some) / 3600
