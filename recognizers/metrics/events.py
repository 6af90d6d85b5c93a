"""Events beside what really happened: found, missed, false, and how late. Times in seconds of the recording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TOLERANCES_S = (0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was done."""

    action: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """An event that was published."""

    action: str
    start_s: float
    """When the action began, as the event says."""
    decided_s: float
    """When the newest picture that the decision rests on was taken."""


@dataclass(frozen=True, slots=True)
class Matches:
    """What became of the happenings and the events of one or several recordings."""

    pairs: tuple[tuple[Happening, Found], ...]
    false: tuple[Found, ...]
    missed: tuple[Happening, ...]

    @property
    def precision(self) -> float:
        """Of the events, those that are true; NaN where there is none."""
        return _share(len(self.pairs), len(self.pairs) + len(self.false))

    @property
    def recall(self) -> float:
        """Of the happenings, those that were found; NaN where there is none."""
        return _share(len(self.pairs), len(self.pairs) + len(self.missed))

    @property
    def f1(self) -> float:
        return _share(2 * len(self.pairs), 2 * len(self.pairs) + len(self.false) + len(self.missed))

    @property
    def delays_s(self) -> list[float]:
        """From the real start of what was found to its decision."""
        return [found.decided_s - done.start_s for done, found in self.pairs]


def matched(happened: Sequence[Happening], found: Sequence[Found], tolerance_s: float) -> Matches:
    """One to one, of the same action, starts at most `tolerance_s` apart: as many as can be, and of these ways the one
    with the smallest distances in sum (what the Hungarian method gives; on a line no two pairs need to cross)."""
    pairs: list[tuple[Happening, Found]] = []
    for action in dict.fromkeys(one.action for one in happened):
        ours = sorted((one for one in happened if one.action == action), key=lambda one: one.start_s)
        theirs = sorted((one for one in found if one.action == action), key=lambda one: one.start_s)
        pairs += _paired(ours, theirs, tolerance_s)
    taken_done, taken_found = {id(done) for done, _ in pairs}, {id(one) for _, one in pairs}
    return Matches(
        tuple(pairs),
        tuple(one for one in found if id(one) not in taken_found),
        tuple(one for one in happened if id(one) not in taken_done),
    )


def together(some: Sequence[Matches]) -> Matches:
    """Of several recordings."""
    return Matches(
        tuple(pair for one in some for pair in one.pairs),
        tuple(found for one in some for found in one.false),
        tuple(done for one in some for done in one.missed),
    )


def _paired(ours: list[Happening], theirs: list[Found], tolerance_s: float) -> list[tuple[Happening, Found]]:
    """By the best way through the first i of ours and the first j of theirs: most pairs, then the nearest."""
    best = [[(0, 0.0, 0)] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    """Minus pairs, distance, and where it came from: 1 ours is left out, 2 theirs, 3 a pair."""
    for i, done in enumerate(ours, 1):
        for j, found in enumerate(theirs, 1):
            ways = [(*best[i - 1][j][:2], 1), (*best[i][j - 1][:2], 2)]
            apart = abs(done.start_s - found.start_s)
            if apart <= tolerance_s:
                ways.append((best[i - 1][j - 1][0] - 1, best[i - 1][j - 1][1] + apart, 3))
            best[i][j] = min(ways)
    pairs, i, j = [], len(ours), len(theirs)
    while i and j:
        way = best[i][j][2]
        if way == 3:
            pairs.append((ours[i - 1], theirs[j - 1]))
        i, j = i - (way != 2), j - (way != 1)
    return pairs[::-1]


def percentile(values: Sequence[float], share: float) -> float:
    """NaN of nothing."""
    return float(np.quantile(values, share)) if values else math.nan


def per_hour(count: int, hours: float) -> float:
    """NaN where nothing was watched."""
    return count / hours if hours > 0 else math.nan


def most_per_hour(count: int, hours: float, sure: float = 0.95) -> float:
    """The rate that so few events in so many hours leave room for: the upper limit of a Poisson process (Garwood,
    1936). An hour without any says that it is 3 an hour at most, no less."""
    if not hours > 0:
        return math.inf
    low, high = 0.0, 10.0 + 4.0 * count
    for _ in range(60):
        mean = (low + high) / 2
        seen = math.exp(-mean) * sum(mean**n / math.factorial(n) for n in range(count + 1))
        low, high = (mean, high) if seen > 1 - sure else (low, mean)
    return high / hours


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
