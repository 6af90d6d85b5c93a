"""How much better one way is than another, and how sure that is: videos are drawn anew, both ways on the same ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizers.metrics.segments import OVERLAPS, Labels, Video, edit_score, f1_of, segment_counts

DRAWS = 2000


@dataclass(frozen=True, slots=True)
class _Counted:
    """One way on one video."""

    right: int
    frames: int
    edit: float
    segments: tuple[tuple[int, int, int], ...]
    """Right, wrong and missed, by overlap."""


def margins(better: Sequence[Video], than: Sequence[Video], background: int) -> dict[str, float]:
    """`accuracy`, `f1_10`, `f1_25`, `f1_50` and `edit`: the one less the other, over the same videos in the same order.

    `_low` and `_high`: between what 95 % of sets of as many videos lie, drawn from these (paired bootstrap; Efron,
    Annals of Statistics 1979).
    """
    ours, theirs = ([_counted(*video, background) for video in videos] for videos in (better, than))
    draws = np.random.default_rng(0).integers(0, len(ours), (DRAWS, len(ours)))
    whole = _less(ours, theirs, range(len(ours)))
    drawn = [_less(ours, theirs, draw.tolist()) for draw in draws]
    found: dict[str, float] = {}
    for name, value in whole.items():
        low, high = np.quantile([one[name] for one in drawn], [0.025, 0.975])
        found |= {name: value, f"{name}_low": float(low), f"{name}_high": float(high)}
    return found


def _counted(said: Labels, true: Labels, background: int) -> _Counted:
    return _Counted(
        int((np.asarray(said) == np.asarray(true)).sum()),
        len(true),
        edit_score([(said, true)], background),
        tuple(segment_counts(said, true, background, overlap) for overlap in OVERLAPS),
    )


def _less(ours: Sequence[_Counted], theirs: Sequence[_Counted], places: Sequence[int]) -> dict[str, float]:
    one, other = (_figures([some[n] for n in places]) for some in (ours, theirs))
    return {name: one[name] - other[name] for name in one}


def _figures(some: Sequence[_Counted]) -> dict[str, float]:
    scores = {
        f"f1_{round(overlap * 100)}": f1_of(one.segments[n] for one in some) for n, overlap in enumerate(OVERLAPS)
    }
    accuracy = sum(one.right for one in some) / sum(one.frames for one in some)
    return {"accuracy": accuracy, **scores, "edit": float(np.mean([one.edit for one in some]))}
