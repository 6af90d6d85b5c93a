"""Figures of procedures: pure functions of what was said and what was true.

POS, F1 and delay as IndustReal defines them (Schoonbeek et al., WACV 2024, `PSR/psr_utils.py`).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

Completion = tuple[Hashable, float]
"""A step and when it was over, in seconds."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a question with two answers: found, said wrongly, overlooked."""

    right: int = 0
    wrong: int = 0
    overlooked: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.right + other.right, self.wrong + other.wrong, self.overlooked + other.overlooked)

    @property
    def precision(self) -> float:
        """1 where nothing was said."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """1 where there was nothing."""
        return self.right / (self.right + self.overlooked) if self.right + self.overlooked else 1.0

    @property
    def f1(self) -> float:
        """1 where there was nothing and nothing was said."""
        every = 2 * self.right + self.wrong + self.overlooked
        return 2 * self.right / every if every else 1.0


def counted(pairs: Iterable[tuple[bool, bool]]) -> Counts:
    """Of pairs (said, true)."""
    given = list(pairs)
    return Counts(
        sum(said and true for said, true in given),
        sum(said and not true for said, true in given),
        sum(true and not said for said, true in given),
    )


def macro_f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    """Mean of the F1 of the one answer and of the other."""
    return (counted(pairs).f1 + counted((not said, not true) for said, true in pairs).f1) / 2


def order_similarity(said: Sequence[Hashable], true: Sequence[Hashable]) -> float:
    """POS: 1 − Damerau-Levenshtein distance / number of true steps, at least 0; a substitution costs 2."""
    return 1 - min(_distance(said, true) / len(true), 1.0) if true else float(not said)


def _distance(said: Sequence[Hashable], true: Sequence[Hashable]) -> int:
    rows = [list(range(len(true) + 1))]
    for n, one in enumerate(said, 1):
        row = [n]
        for m, other in enumerate(true, 1):
            best = min(rows[-1][m] + 1, row[m - 1] + 1, rows[-1][m - 1] + 2 * (one != other))
            if n > 1 and m > 1 and one == true[m - 2] and said[n - 2] == other:
                best = min(best, rows[-2][m - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def completions(said: Sequence[Completion], true: Sequence[Completion]) -> tuple[Counts, list[float]]:
    """Each true completion is matched to the nearest said one of the same step that is not earlier; what is said early
    or too often is wrong. Also the seconds from truth to word of those that match."""
    left = sorted(said, key=lambda one: one[1])
    delays = []
    for step, at in sorted(true, key=lambda one: one[1]):
        later = [one for one in left if one[0] == step and one[1] >= at]
        if later:
            left.remove(later[0])
            delays.append(later[0][1] - at)
    return Counts(len(delays), len(left), len(true) - len(delays)), delays
