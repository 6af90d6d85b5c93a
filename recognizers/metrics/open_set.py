"""Whether what a network knows can be told from what it does not know, by some measure of how well it knows a clip."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recognizers.metrics.library import scikit_learn

Measured = NDArray[np.floating]


def auroc(known: Measured, unknown: Measured) -> float:
    """How often a known clip `(K,)` is known better than an unknown one `(U,)`; a half is chance."""
    return float(scikit_learn().roc_auc_score(*_asked(known, unknown)))


def false_positive_rate(known: Measured, unknown: Measured, kept: float = 0.95) -> float:
    """Share of the unknown that is taken for known where at least `kept` of the known is (FPR@95TPR)."""
    wrong, right, _ = scikit_learn().roc_curve(*_asked(known, unknown), drop_intermediate=False)
    return float(wrong[np.flatnonzero(right >= kept - 1e-12)[0]])


def _asked(known: Measured, unknown: Measured) -> tuple[NDArray[np.bool_], Measured]:
    truth = np.repeat([True, False], [len(known), len(unknown)])
    return truth, np.concatenate((known, unknown)).astype(np.float64)
