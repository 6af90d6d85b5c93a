"""Recordings as they were looked at, drawn by hand: a score every half second."""

from __future__ import annotations

import numpy as np

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from recognizers.metrics.events import Happening
from recognizers.prediction import Prediction
from streamer.segmenter import EventRule
from streamer.stages import Watch
from streamer.trials.recording import STREAM
from streamer.trials.watching import Watched

LABELS = ("idle", "pick", "place")
SHARP = EventRule(on=0.6, off=0.4, release_s=0.0, smooth_s=0.0)
STEP_S = 0.5


def watch(rule: EventRule = SHARP) -> Watch:
    spec = ClipSpec(frames=5, interval_s=0.25, hop_s=STEP_S, short_side_px=32)
    return Watch("w", "r", spec, LABELS, "idle", WHOLE_PICTURE, 0.5, {"default": rule})


def looked_at(
    pick: list[float],
    place: list[float] | None = None,
    happened: tuple[Happening, ...] = (),
    hours: float | None = None,
) -> Watched:
    """`hours`: how long it is said to have been; otherwise as long as the scores go on."""
    other = place or [0.0] * len(pick)
    predictions = [
        Prediction(
            STREAM, "w", 1, n, n * STEP_S - 1, n * STEP_S, n * STEP_S, 0.0, np.array([1 - a - b, a, b], np.float32)
        )
        for n, (a, b) in enumerate(zip(pick, other, strict=True))
    ]
    length_s = (len(pick) - 1) * STEP_S if hours is None else hours * 3600
    return Watched("drawn", happened, tuple(predictions), length_s)
