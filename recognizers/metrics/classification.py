"""One label a clip: how often it is right."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recognizers.metrics.library import scikit_learn

Scores = NDArray[np.floating]
Truth = NDArray[np.int64]


def top_k(scores: Scores, truth: Truth, k: int) -> float:
    """Share of clips `(N, C)` whose true label `(N,)` is among the k best; of equal scores the earlier label is better,
    as `argmax` has it (so that a network which says the same of everything gains nothing by it)."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return float((best == truth[:, None]).any(axis=1).mean())


def confusion(said: Truth, truth: Truth, classes: int) -> NDArray[np.int64]:
    """`(C, C)` clips by what was shown (rows) and what was said (columns)."""
    counted: NDArray[np.int64] = scikit_learn().confusion_matrix(truth, said, labels=range(classes))
    return counted


def by_class(said: Truth, truth: Truth, classes: int) -> tuple[Scores, Scores, Scores, Truth]:
    """Precision, recall, F1 and number of clips of each class, `(C,)` each; 0 where there is nothing to divide by."""
    precision, recall, f1, clips = scikit_learn().precision_recall_fscore_support(
        truth, said, labels=range(classes), zero_division=0.0
    )
    return precision, recall, f1, clips
