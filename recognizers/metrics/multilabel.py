"""Several labels a clip: how well each label ranks the clips."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.floating]


def average_precision(scores: Scores, truth: NDArray[np.generic]) -> float:
    """Mean precision at each clip `(N,)` that is true, the surest first; NaN where none is.

    As `Charades_v1_classify.m` and THUMOS count it. Of equal scores the earlier clip is surer.
    """
    right = np.asarray(truth, bool)[np.argsort(-scores, kind="stable")]
    if not right.any():
        return float("nan")
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].mean())


def charades_precision(scores: Scores, truth: NDArray[np.generic]) -> NDArray[np.float64]:
    """`(C,)` average precision of each label over videos: scores and truth `(N, C)`; NaN where no video has the label.

    As `Charades_v1_classify.m`: a video that has no label at all comes behind all others.
    """
    ranked = scores.astype(np.float64)
    ranked[~np.asarray(truth, bool).any(axis=1)] = -np.inf
    return np.array([average_precision(ranked[:, one], truth[:, one]) for one in range(scores.shape[1])])


def mean_precision(by_label: NDArray[np.float64]) -> float:
    """mAP: the mean over labels that something shows; NaN where nothing shows any."""
    seen = by_label[~np.isnan(by_label)]
    return float(seen.mean()) if len(seen) else float("nan")


def weighted_precision(by_label: NDArray[np.float64], truth: NDArray[np.generic]) -> float:
    """wAP: the mean over labels, each as often as it is true; truth `(N, C)`."""
    often = np.asarray(truth, bool).sum(axis=0)
    return float(np.nansum(by_label * often) / often.sum()) if often.any() else float("nan")
