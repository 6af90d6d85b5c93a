"""From what was said of recordings to figures: plain keys, fractions of 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from recognizers.card import MEASURES, Card
from recognizers.metrics import calibration, classification, multilabel, open_set
from recognizers.runtimes.answers import known_by, scores_of

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of a recording."""

    name: str
    group: str
    actions: tuple[str, ...]
    """What it shows."""
    logits: Tensor
    """`(V, C)` of each view."""


def scores(some: Sequence[Said], card: Card) -> Scores:
    """`(N, C)` of each recording: the mean over its views of what the recognizer gives; where each label is scored by
    itself, the highest (as Charades is)."""
    rows = [scores_of(one.logits, card) for one in some]
    return np.stack([(row.amax(dim=0) if card.multilabel else row.mean(dim=0)).numpy() for row in rows])


def figures(some: Sequence[Said], card: Card) -> dict[str, Any]:
    """How good a network is on recordings of what it knows, and of nothing it knows.

    Those whose actions are none of its labels are for `auroc` and `fpr95` alone.
    """
    known = [one for one in some if all(action in card.labels for action in one.actions)]
    own = _of_several(known, card) if card.multilabel else _of_one(known, card)
    return {"videos": len(known), **own, **_open_set(some, card)}


def _of_one(some: Sequence[Said], card: Card) -> dict[str, Any]:
    if not some:
        return {}
    labels = card.labels
    truth = np.array([labels.index(one.actions[0] if one.actions else card.background) for one in some], np.int64)
    given = scores(some, card)
    said = given.argmax(axis=1)
    precision, recall, f1, shown = classification.by_class(said, truth, len(labels))
    seen = [place for place in range(len(labels)) if shown[place]]
    return {
        "top1": _rounded(classification.top_k(given, truth, 1)),
        "top5": _rounded(classification.top_k(given, truth, 5)),
        "top1_actions": _rounded(_of_actions(some, truth, card)),
        "recall": {labels[place]: _rounded(recall[place]) for place in seen},
        "precision": {labels[place]: _rounded(precision[place]) for place in seen},
        "mean_f1": _rounded(float(np.mean([f1[place] for place in seen]))),
        "labels": list(labels),
        "confusion": classification.confusion(said, truth, len(labels)).tolist(),
        **_calibration(some, truth, card),
    }


def _of_actions(some: Sequence[Said], truth: NDArray[np.int64], card: Card) -> float:
    """Right of those that show an action, if it must be one: as data sets count that have no background."""
    actions = [place for place, label in enumerate(card.labels) if label != card.background]
    shows = np.isin(truth, actions)
    best = scores(some, replace(card, abstain=None))[:, actions].argmax(axis=1)
    return float((np.array(actions)[best] == truth)[shows].mean()) if shows.any() else math.nan


def _calibration(some: Sequence[Said], truth: NDArray[np.int64], card: Card) -> dict[str, Any]:
    """Of scores before the recognizer abstains, at the card's temperature and without any."""
    plain = replace(card, abstain=None)
    after, before = scores(some, plain), scores(some, replace(plain, temperature=1.0))
    return {
        "temperature": card.temperature,
        "ece_before": _rounded(calibration.top_label_error(before, truth)),
        "ece": _rounded(calibration.top_label_error(after, truth)),
        "nll_before": _rounded(calibration.negative_log_likelihood(before, truth)),
        "nll": _rounded(calibration.negative_log_likelihood(after, truth)),
        "brier": _rounded(calibration.brier(after, truth)),
    }


def _of_several(some: Sequence[Said], card: Card) -> dict[str, Any]:
    if not some:
        return {}
    given, labels = scores(some, card), card.labels
    truth = np.array([[label in (one.actions or (card.background,)) for label in labels] for one in some])
    # The background is no class of a data set, but our own word for none of them.
    counted = [place for place, label in enumerate(labels) if label != card.background]
    precision = multilabel.charades_precision(given[:, counted], truth[:, counted])
    return {
        "map": _rounded(multilabel.mean_precision(precision)),
        "weighted_map": _rounded(multilabel.weighted_precision(precision, truth[:, counted])),
        "average_precision": {
            labels[place]: _rounded(one) for place, one in zip(counted, precision, strict=True) if not math.isnan(one)
        },
        "ece": _rounded(calibration.expected_calibration_error(given.ravel(), truth.ravel())),
    }


def _open_set(some: Sequence[Said], card: Card) -> dict[str, Any]:
    """How well the actions can be told from all else by the highest score of an action, which is what an event begins
    by; and by what a recognizer can abstain by."""
    is_known = np.array([bool(one.actions) and set(one.actions) <= set(card.labels) for one in some], bool)
    if is_known.all() or not is_known.any():
        return {}
    actions = [place for place, label in enumerate(card.labels) if label != card.background]
    best = scores(some, replace(card, abstain=None))[:, actions].max(axis=1)
    by = {measure: _known_by(measure, some, card) for measure in MEASURES}
    return {
        "unknown_videos": int((~is_known).sum()),
        "auroc": _rounded(open_set.auroc(best[is_known], best[~is_known])),
        "fpr95": _rounded(open_set.false_positive_rate(best[is_known], best[~is_known])),
        "auroc_by": {name: _rounded(open_set.auroc(one[is_known], one[~is_known])) for name, one in by.items()},
    }


def _known_by(measure: str, some: Sequence[Said], card: Card) -> NDArray[np.float64]:
    """The mean over the views of each recording, `(N,)`."""
    return np.array([float(known_by(measure, one.logits.float(), card.temperature).mean()) for one in some])


def _rounded(value: float) -> float | None:
    """`None` where there was nothing to count: JSON knows no NaN."""
    return None if math.isnan(value) else round(float(value), 4)
