"""How even shares are, how fast something grows, how far costs are from proportional. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness (Jain, Chiu, Hawe, 1984): 1 where all are equal, 1/n where one has everything; 1 of
    nothing at all."""
    squares = len(shares) * sum(one * one for one in shares)
    return sum(shares) ** 2 / squares if squares else 1.0


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Growth of y per x as the median of the slopes between any two points (Theil, 1950; Sen, 1968): up to 29 % of the
    points may be anywhere. 0 of fewer than two."""
    slopes = [(y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x2 != x1]
    return median(slopes) if slopes else 0.0


@dataclass(frozen=True, slots=True)
class Proportion:
    """What `n` of something cost each, beside what the fewest cost each."""

    n: int
    each: float
    """Without the constant part."""
    of_first: float
    """In what each of the fewest costs."""


def proportions(costs: Mapping[int, float], constant: float, first: int) -> list[Proportion]:
    """Costs by number, from `first` on; `constant` is what none of them costs, and is taken off all."""
    each = {n: (cost - constant) / n for n, cost in sorted(costs.items()) if n >= first}
    return [Proportion(n, one, one / each[first]) for n, one in each.items()]


def first_measurable(spreads: Mapping[int, Sequence[float]], constant: float, within: float = 0.1) -> int:
    """The smallest number whose slices of time agree: their middle half spans at most that share of what their median
    is above the constant; where none do, the one whose slices agree best."""
    spans: dict[int, float] = {}
    for n, slices in sorted(spreads.items()):
        ordered, own = sorted(slices), median(slices) - constant
        quarter = len(ordered) // 4
        middle = ordered[quarter : len(ordered) - quarter]
        spans[n] = (middle[-1] - middle[0]) / own if own > 0 else math.inf
        if spans[n] <= within:
            return n
    return min(spans, key=lambda n: spans[n])
