"""Average precision as Charades counts it, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from recognizers.metrics.multilabel import average_precision, charades_precision, mean_precision, weighted_precision

SCORES = np.array([[0.9, 0.1, 0.5], [0.8, 0.6, 0.5], [0.7, 0.4, 0.5], [0.99, 0.99, 0.99]])
TRUTH = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]])
"""The last video has no label: it comes behind all others, however sure the network is."""


def test_precision_is_taken_at_each_video_that_is_true() -> None:
    """First label: right, wrong, right: (1/1 + 2/3) / 2. Second: right, right. The third is nowhere true."""
    precision = charades_precision(SCORES, TRUTH)

    assert precision[:2].tolist() == pytest.approx([(1 + 2 / 3) / 2, 1.0])
    assert math.isnan(precision[2])


def test_labels_that_nothing_shows_are_no_part_of_the_mean() -> None:
    precision = charades_precision(SCORES, TRUTH)
    assert mean_precision(precision) == pytest.approx((5 / 6 + 1) / 2)
    assert math.isnan(mean_precision(np.array([np.nan])))


def test_the_weighted_mean_takes_labels_as_often_as_they_are_true() -> None:
    scores = np.array([[0.9, 0.5], [0.1, 0.9], [0.8, 0.4]])
    truth = np.array([[1, 1], [1, 0], [1, 0]])
    assert weighted_precision(charades_precision(scores, truth), truth) == pytest.approx((1.0 * 3 + 0.5 * 1) / 4)


def test_a_video_without_any_label_would_count_if_it_were_not_put_last() -> None:
    assert average_precision(SCORES[:, 0], TRUTH[:, 0]) == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_of_equal_scores_the_earlier_is_surer() -> None:
    scores = np.array([0.5, 0.5])
    assert [average_precision(scores, np.array(truth)) for truth in ([1, 0], [0, 1])] == [1.0, 0.5]


def test_where_no_scores_are_equal_it_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    for _ in range(20):
        scores, truth = rng.permutation(40) / 40, rng.random(40) < 0.3
        truth[0] = True
        assert average_precision(scores, truth) == pytest.approx(average_precision_score(truth, scores))
