"""Steps that are decoded from the frames of a recognizer, beside those frames as they are.

Each video is decoded with what the others taught: durations, order and confusions, and also how far these are believed
(that, by decoding each of the others with what the rest of them taught). Figures are of all videos.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.metrics.segments import OVERLAPS, Video, edit_score, moment_accuracy, segment_f1, segments
from streamer.decoder import StepDecoder, StepModel
from streamer.procedure.evaluation.margins import margins
from streamer.procedure.evaluation.scores import Counts, completions, order_similarity
from streamer.procedure.experience import Priors, Recording, experience

TICK_S = 2.0
BEAM = 100
NO_BACKGROUND = -1


@dataclass(frozen=True, slots=True)
class Belief:
    """How far recognition is believed."""

    looks_per_s: float
    """Independent looks that the frames of a second are worth."""
    priors: Priors


BELIEFS = tuple(
    Belief(looks, priors)
    for looks in (0.2, 0.35, 0.5, 1.0, 2.0)
    for priors in (Priors(), Priors(recognized_s=100.0, confused_s=2.0))
)
"""To choose from."""


def evaluate(file: Path, rate: float = 30.0, lag_s: float = 30.0) -> dict[str, float]:
    """Figures of the decoded steps, fractions of 1 and delays in seconds.

    With `whole_` of those that are decoded when all of a video is known, with `raw_` of the frames as they are, with
    `more_` of how much better the decoded ones are (see `margins`). `bounds_accuracy`: the frames that would be right
    if the true bounds of all segments were known and each had the label that it has most often.

    `rate`: frames per second; `lag_s`: how long after a moment its step is decided.

    Raises:
        OSError, ValueError, KeyError: no file of frames: `{video: {pred: [label, …], gt: [label, …]}}`.
    """
    videos = read(file)
    steps = 1 + max(int(max(true.max(), said.max())) for said, true in videos)
    work = _Work(videos, steps, rate)
    beliefs = _chosen(work, lag_s)
    decoded = [(work.decoded(n, (n,), beliefs[n], lag_s), true) for n, (_, true) in enumerate(videos)]
    whole_s = max(len(true) for _, true in videos) / rate
    whole = [(work.decoded(n, (n,), beliefs[n], whole_s), true) for n, (_, true) in enumerate(videos)]
    return {
        **figures(decoded, rate),
        **{f"whole_{key}": value for key, value in figures(whole, rate).items()},
        **{f"raw_{key}": value for key, value in figures(videos, rate).items()},
        **{f"more_{key}": value for key, value in margins(decoded, videos, NO_BACKGROUND).items()},
        "bounds_accuracy": moment_accuracy([_within_bounds(said, true) for said, true in videos]),
        "videos": len(videos),
        "lag_s": lag_s,
    }


def read(file: Path) -> list[Recording]:
    """What was said and what was true in each frame of each video.

    Raises:
        ValueError: they are not equally long.
    """
    found = []
    for name, video in sorted(json.loads(file.read_text()).items()):
        said, true = np.array(video["pred"], np.int64), np.array(video["gt"], np.int64)
        if said.shape != true.shape or said.ndim != 1 or not len(said) or min(said.min(), true.min()) < 0:
            raise ValueError(f"{file}: video {name}: pred and gt must be equally long lists of labels from 0")
        found.append((said, true))
    return found


@dataclass(frozen=True, slots=True)
class _Work:
    videos: list[Recording]
    steps: int
    rate: float
    """Frames a second."""

    def model(self, without: Sequence[int], belief: Belief) -> StepModel:
        """What the other videos teach."""
        others = [one for n, one in enumerate(self.videos) if n not in without]
        return experience(others, self.steps, self.rate, belief.priors)

    def decoded(self, n: int, without: Sequence[int], belief: Belief, lag_s: float) -> NDArray[np.int64]:
        """The step in each frame of a video."""
        said, model = self.videos[n][0], self.model(without, belief)
        decoder = StepDecoder(model, TICK_S, round(lag_s / TICK_S), BEAM)
        frames = max(round(self.rate * TICK_S), 1)
        evidence = [model.seen[:, said[at : at + frames]].mean(axis=1) for at in range(0, len(said), frames)]
        ticks = [decoder.push(one * belief.looks_per_s * TICK_S) for one in evidence]
        labels = [one for one in ticks if one is not None] + decoder.finish()
        return np.repeat(np.array(labels, np.int64), frames)[: len(said)]


def _chosen(work: _Work, lag_s: float) -> list[Belief]:
    """For each video, what is best on the others; none of what teaches, chooses or is judged is the same video."""
    count = len(work.videos)
    if count < 4:
        return [BELIEFS[0]] * count
    found: dict[tuple[int, int, Belief], NDArray[np.int64]] = {}
    for (one, other), belief in ((pair, belief) for pair in combinations(range(count), 2) for belief in BELIEFS):
        for judge, tried in ((one, other), (other, one)):
            found[judge, tried, belief] = work.decoded(tried, (one, other), belief, lag_s)
    return [
        max(
            BELIEFS,
            key=lambda belief: _worth([(found[n, o, belief], work.videos[o][1]) for o in range(count) if o != n]),
        )
        for n in range(count)
    ]


def _worth(videos: Sequence[Video]) -> float:
    """All that is asked: frames, segments, their order."""
    return moment_accuracy(videos) + segment_f1(videos, NO_BACKGROUND, OVERLAPS[0]) + edit_score(videos, NO_BACKGROUND)


def _within_bounds(said: NDArray[np.int64], true: NDArray[np.int64]) -> Video:
    found = said.copy()
    for one in segments(true, NO_BACKGROUND):
        found[one.start : one.end] = np.bincount(said[one.start : one.end]).argmax()
    return found, true


def figures(videos: list[Recording], rate: float) -> dict[str, float]:
    """Of what was said in each frame."""
    counts, delays, orders = Counts(), list[float](), list[float]()
    for said, true in videos:
        theirs, ours = ([(one.label, one.end / rate) for one in segments(one, NO_BACKGROUND)] for one in (said, true))
        some, late = completions(theirs, ours)
        counts, delays = counts + some, delays + late
        orders.append(order_similarity([step for step, _ in theirs], [step for step, _ in ours]))
    scores = {f"f1_{round(overlap * 100)}": segment_f1(videos, NO_BACKGROUND, overlap) for overlap in OVERLAPS}
    return {
        "accuracy": moment_accuracy(videos),
        **scores,
        "edit": edit_score(videos, NO_BACKGROUND),
        "pos": float(np.mean(orders)),
        "f1": counts.f1,
        "delay_s": float(np.mean(delays)) if delays else 10.0,
    }
