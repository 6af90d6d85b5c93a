"""Recorded video through the live path's own stages: loss-free, and the same bytes every time."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from recognizers.prediction import Prediction
from streamer.engine import Engine
from streamer.event import Event, Reason
from streamer.frame import Frame
from streamer.stages import StreamStages


async def replay(
    stages: StreamStages,
    engines: Mapping[str, Engine],
    frames: AsyncGenerator[Frame, None],
    epoch: int,
    senseless: Counter[str] | None = None,
) -> AsyncGenerator[Event, None]:
    """Events of one recording, as one epoch; the work that is followed may go on in another. Each clip is answered
    before the next frame is taken. `senseless` counts, by watch, the answers that are no numbers: they say nothing.

    One clip a batch: a batch's size can change the last bits of a score, and must not depend on speed. Whatever ends
    the recording in the middle is raised after the ends of what it left open.
    """
    stages.begin(epoch)
    seen: list[Event] = []
    try:
        async with aclosing(answered(stages, engines, _looked_at(stages, frames, seen))) as predictions:
            async for prediction in predictions:
                if senseless is not None and not prediction.is_finite:
                    senseless[prediction.watch] += 1
                for event in (*_taken(seen), *stages.observe(prediction)):
                    yield event
    except Exception:
        for event in (*_taken(seen), *stages.end(Reason.SOURCE_LOST)):
            yield event
        raise
    for event in (*_taken(seen), *stages.end(Reason.SOURCE_ENDED)):
        yield event


async def _looked_at(
    stages: StreamStages, frames: AsyncGenerator[Frame, None], seen: list[Event]
) -> AsyncGenerator[Frame, None]:
    """Frames; what they say of sight is put into `seen`."""
    async with aclosing(frames):
        async for frame in frames:
            seen += stages.look(frame)
            yield frame


def _taken(seen: list[Event]) -> list[Event]:
    taken = seen[:]
    seen.clear()
    return taken


async def answered(
    stages: StreamStages, engines: Mapping[str, Engine], frames: AsyncGenerator[Frame, None]
) -> AsyncGenerator[Prediction, None]:
    """What is said of a recording's clips, in order; those of too little coverage are not asked about."""
    async with aclosing(frames):
        async for frame in frames:
            for clip in stages.cut(frame):
                watch = stages.watches[clip.watch]
                if clip.coverage >= watch.min_coverage:
                    (prediction,) = await engines[watch.recognizer].infer([clip])
                    if prediction is not None:
                        yield prediction
