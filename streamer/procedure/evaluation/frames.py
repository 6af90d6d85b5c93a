"""Steps that are decoded from the frames of a recognizer, beside those frames as they are.

Each video is decoded with what the others taught: durations, order and confusions. Figures are of all videos.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.metrics.segments import OVERLAPS, edit_score, moment_accuracy, segment_f1, segments
from streamer.procedure.decoder import StepDecoder
from streamer.procedure.evaluation.scores import Counts, completions, order_similarity
from streamer.procedure.experience import Recording, experience

TICK_S = 1.0
NO_BACKGROUND = -1


def evaluate(file: Path, rate: float = 30.0, lag_s: float = 30.0) -> dict[str, float]:
    """Figures of the decoded steps, and with `raw_` of the frames as they are; fractions of 1, delays in seconds.

    `rate`: frames per second; `lag_s`: how long after a moment its step is decided.

    Raises:
        OSError, ValueError, KeyError: no file of frames: `{video: {pred: [label, …], gt: [label, …]}}`.
    """
    videos = read(file)
    decoded = [
        (_decoded(videos[:n] + videos[n + 1 :], videos[n][0], rate, lag_s), true) for n, (_, true) in enumerate(videos)
    ]
    found = figures(decoded, rate) | {f"raw_{key}": value for key, value in figures(videos, rate).items()}
    return {**found, "videos": len(videos), "lag_s": lag_s}


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


def _decoded(others: list[Recording], said: NDArray[np.int64], rate: float, lag_s: float) -> NDArray[np.int64]:
    steps = 1 + max(int(max(one.max(), true.max(), said.max())) for one, true in others)
    model = experience(others, steps, rate)
    decoder = StepDecoder(model, TICK_S, round(lag_s / TICK_S))
    frames = max(round(rate * TICK_S), 1)
    ticks = [decoder.push(model.seen[:, said[n : n + frames]].mean(axis=1)) for n in range(0, len(said), frames)]
    labels = [one for one in ticks if one is not None] + decoder.finish()
    return np.repeat(np.array(labels, np.int64), frames)[: len(said)]


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
