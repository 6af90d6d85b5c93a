"""How scores spread, and how far one spread is from another. Pure; training and service count alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 10
_FLOOR = 1e-3
"""Of a share: a bin that is empty on one side must not decide alone."""


def spread(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """`(N, C)` → `(C, BINS)`: how many clips have that label for their best, by how high it scores in [0, 1]."""
    counts = np.zeros((scores.shape[1], BINS))
    best = scores.argmax(axis=1)
    steps = np.minimum((scores[np.arange(len(scores)), best] * BINS).astype(int), BINS - 1)
    np.add.at(counts, (best, steps), 1)
    return counts


def shares(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(C, BINS)` counts → shares of each row; a row of zeros stays one."""
    return np.asarray(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def instability(seen: NDArray[np.float64], usual: ArrayLike) -> float | None:
    """The population stability index of scores: 0 where they spread as usual; from 0.25 on it is commonly called a
    shift (Siddiqi, Credit Risk Scorecards, 2006).

    What is usual is weighed by how often each label is best now: more work of one kind is no drift. Labels that have no
    usual spread are left out; None where that leaves nothing.

    Args:
        seen: `(C, BINS)` counts.
        usual: `(C, BINS)` shares.
    """
    known = np.asarray(usual, np.float64)
    has = known.sum(axis=1) > 0
    counted = seen[has]
    if not counted.sum():
        return None
    now = counted.sum(axis=0) / counted.sum()
    expected = (counted.sum(axis=1) / counted.sum()) @ known[has]
    now, expected = np.maximum(now, _FLOOR), np.maximum(expected, _FLOOR)
    return float(((now - expected) * np.log(now / expected)).sum())
