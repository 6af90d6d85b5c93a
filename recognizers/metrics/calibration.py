"""Whether scores mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recognizers.metrics.library import scikit_learn

BINS = 15


def expected_calibration_error(said: NDArray[np.floating], right: NDArray[np.bool_], bins: int = BINS) -> float:
    """Mean distance between what was said `(N,)` in [0, 1] and how often it was so, over bins of equal mass (Nixon et
    al., "Measuring calibration in deep learning", 2019); 0 of nothing."""
    parts = np.array_split(np.argsort(said, kind="stable"), bins)
    shares = [
        len(part) / len(said) * abs(float(said[part].mean()) - float(right[part].mean())) for part in parts if len(part)
    ]
    return float(sum(shares))


def top_label_error(scores: NDArray[np.floating], truth: NDArray[np.int64], bins: int = BINS) -> float:
    """The calibration error of the best label's score: scores `(N, C)`, truth `(N,)`."""
    return expected_calibration_error(scores.max(axis=1), scores.argmax(axis=1) == truth, bins)


def negative_log_likelihood(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Mean of −log of the true label's score, in nats."""
    shares = scores.astype(np.float64)
    shares /= shares.sum(axis=1, keepdims=True)  # float32 sums to 1 within its own precision only
    return float(scikit_learn().log_loss(truth, shares, labels=range(scores.shape[1])))


def brier(scores: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Mean over clips of the squared distance between scores `(N, C)` and the truth (Brier, 1950), in [0, 2]."""
    wanted = np.zeros(scores.shape)
    wanted[np.arange(len(truth)), truth] = 1.0
    return float(((scores - wanted) ** 2).sum(axis=1).mean())
