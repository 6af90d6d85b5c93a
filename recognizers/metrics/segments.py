"""What was done from moment to moment, as segments: F1 and edit score of ms-tcn (Abu Farha and Gall, CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

OVERLAPS = (0.1, 0.25, 0.5)
Labels = Sequence[int] | NDArray[np.int64]
Video = tuple[Labels, Labels]
"""What was said and what was true at each moment, equally long."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of one label."""

    label: int
    start: int
    end: int
    """The position after the last."""


def segments(labels: Labels, background: int) -> list[Segment]:
    """Runs of equal labels, without those of the background."""
    given = np.asarray(labels)
    borders = [0, *(np.flatnonzero(np.diff(given)) + 1).tolist(), len(given)] if len(given) else [0]
    runs = [Segment(int(given[start]), start, end) for start, end in pairwise(borders)]
    return [run for run in runs if run.label != background]


def segment_f1(videos: Iterable[Video], background: int, overlap: float) -> float:
    """F1 over all segments of all videos (counted together, then divided); 1 where there is nothing and none was said.

    A said segment is right where, of the true ones with its label, the one it covers best has an IoU of at least
    `overlap` and was not found before.
    """
    return f1_of(segment_counts(said, true, background, overlap) for said, true in videos)


def f1_of(counts: Iterable[tuple[int, int, int]]) -> float:
    """Of numbers of right, wrong and missed segments; 1 where there are none."""
    right, wrong, missed = (sum(column) for column in zip((0, 0, 0), *counts, strict=True))
    return 2 * right / (2 * right + wrong + missed) if right + wrong + missed else 1.0


def segment_counts(said: Labels, true: Labels, background: int, overlap: float) -> tuple[int, int, int]:
    """Of one video: right, wrong and missed segments."""
    return _counted(segments(said, background), segments(true, background), overlap)


def _counted(said: list[Segment], true: list[Segment], overlap: float) -> tuple[int, int, int]:
    found = set[int]()
    for one in said:
        shares = [_share(one, other) if one.label == other.label else 0.0 for other in true]
        # The reference asks for the best of none where nothing is true.
        best = int(np.argmax(shares)) if shares else -1
        if best >= 0 and best not in found and shares[best] >= overlap:
            found.add(best)
    return len(found), len(said) - len(found), len(true) - len(found)


def _share(one: Segment, other: Segment) -> float:
    return (min(one.end, other.end) - max(one.start, other.start)) / (
        max(one.end, other.end) - min(one.start, other.start)
    )


def edit_score(videos: Iterable[Video], background: int) -> float:
    """Mean over videos of 1 − Levenshtein distance of the labels in their order / the longer one's length; 1 where
    neither has any (the reference divides by zero there)."""
    scores = []
    for said, true in videos:
        ours, theirs = ([one.label for one in segments(labels, background)] for labels in (said, true))
        longer = max(len(ours), len(theirs))
        scores.append(1 - _distance(ours, theirs) / longer if longer else 1.0)
    return float(np.mean(scores)) if scores else float("nan")


def _distance(ours: list[int], theirs: list[int]) -> int:
    row = list(range(len(theirs) + 1))
    for place, one in enumerate(ours, 1):
        before, row = row, [place, *row[1:]]
        for other, label in enumerate(theirs, 1):
            row[other] = min(before[other] + 1, row[other - 1] + 1, before[other - 1] + (one != label))
    return row[-1]


def moment_accuracy(videos: Iterable[Video]) -> float:
    """Share of moments, of all videos together, whose label is right (MoF)."""
    pairs = [(np.asarray(said), np.asarray(true)) for said, true in videos]
    count = sum(len(true) for _, true in pairs)
    return sum(int((said == true).sum()) for said, true in pairs) / count if count else float("nan")
