"""Figures of one label a clip, counted by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from recognizers.errors import LibraryMissing
from recognizers.metrics.classification import by_class, confusion, top_k

SCORES = np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.3, 0.1, 0.6], [0.2, 0.3, 0.5]])
TRUTH = np.array([0, 2, 2, 1])


def test_the_true_label_is_among_the_best_k() -> None:
    assert [top_k(SCORES, TRUTH, k) for k in (1, 2, 3, 5)] == [0.5, 1.0, 1.0, 1.0]


def test_a_network_that_says_the_same_of_everything_is_as_good_as_its_first_label() -> None:
    assert top_k(np.full((4, 3), 1 / 3), TRUTH, 1) == 0.25


def test_confusion_counts_what_was_said_of_each_shown_label() -> None:
    said = SCORES.argmax(axis=1)
    assert confusion(said, TRUTH, 4).tolist() == [[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_each_class_has_precision_recall_and_f1_and_nothing_is_divided_by_zero() -> None:
    precision, recall, f1, clips = by_class(SCORES.argmax(axis=1), TRUTH, 4)

    assert precision.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert recall.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert f1.tolist() == [1.0, 0.0, 0.5, 0.0]
    assert clips.tolist() == [1, 1, 2, 0]


def test_without_scikit_learn_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.metrics", None)
    with pytest.raises(LibraryMissing, match=r"taktstream\[validation\]"):
        confusion(TRUTH, TRUTH, 3)
