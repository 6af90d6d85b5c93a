"""What "sustained" means, and the search for how many cameras are. Pure."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

DELIVERED = 0.99
"""Share of the window by which every camera's newest picture must advance."""
PICTURE_S = 0.125
"""Grain of that measurement: one picture of a clip."""
LATE_S = 1.0
"""95 of 100 ages (of pictures, of events) must stay below."""
DECISIONS = 0.95
"""A second and camera."""


@dataclass(frozen=True, slots=True)
class Trial:
    """So many cameras for a measuring window, all seconds."""

    window_s: float
    advanced_s: tuple[float, ...]
    """By how much each camera's newest picture became newer."""
    late_share: float
    """Of ages, the share above `LATE_S`; 1 where nothing came at all."""
    decisions: tuple[float, ...] | None = None
    """How many each camera got, where there are any."""

    @property
    def delivered(self) -> float:
        """The worst camera's share of what was sent."""
        return min(self.advanced_s, default=0.0) / self.window_s

    def failings(self) -> list[str]:
        """Why this many are not sustained; empty if they are."""
        wrong = []
        if min(self.advanced_s, default=0.0) < DELIVERED * self.window_s - PICTURE_S:
            wrong.append(f"a camera was delivered {100 * self.delivered:.1f} % and falls behind")
        if self.late_share > 0.05:
            wrong.append(f"{100 * self.late_share:.0f} % came later than {LATE_S:g} s or not at all")
        if self.decisions is not None and min(self.decisions, default=0.0) < DECISIONS * self.window_s - 0.5:
            wrong.append(f"a camera got {min(self.decisions, default=0.0) / self.window_s:.2f} decisions a second")
        return wrong


def most_sustained(sustains: Callable[[int], bool], guess: int, most: int, step: int = 2, of: int = 3) -> int:
    """The largest multiple of `step` up to `most` that most of `of` trials sustain; 0 if none does.

    Looks for the border from `guess` on, halves what is left between, then repeats at the border, because near it
    chance decides a single trial.
    """
    below, above = 0, most // step + 1
    number, stride = min(max(1, round(guess / step)), most // step), 4
    while above - below > 1:
        if sustains(number * step):
            below = number
        else:
            above = number
        gallop = below + stride if above > most // step else above - stride if below == 0 else 0
        number = gallop if below < gallop < above else (below + above) // 2
        stride *= 2 if gallop else 1
    while below > 0 and not _mostly(sustains, below * step, of):
        below -= 1
    return below * step


def _mostly(sustains: Callable[[int], bool], cameras: int, of: int) -> bool:
    """Whether more than half of `of` trials succeed, the one that brought us here among them."""
    needed, yes, no = of // 2 + 1, 1, 0
    while yes < needed and no < needed:
        if sustains(cameras):
            yes += 1
        else:
            no += 1
    return yes >= needed


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of all values do not exceed; NaN of none."""
    if not values:
        return math.nan
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def bucket_quantile(buckets: Mapping[float, float], share: float) -> float:
    """The same of a histogram's cumulative counts by upper bound, linear within a bucket; NaN of none."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if not total:
        return math.nan
    below, lower = 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= share * total:
            if math.isinf(bound):
                return lower
            return lower + (bound - lower) * (share * total - below) / (buckets[bound] - below)
        below, lower = buckets[bound], bound
    return lower


def late_share(buckets: Mapping[float, float], limit_s: float = LATE_S) -> float:
    """The share above a bound of the histogram; 1 of none."""
    total = max(buckets.values(), default=0.0)
    return 1 - buckets[limit_s] / total if total else 1.0
