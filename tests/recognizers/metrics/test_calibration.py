"""Scores that mean what they say have no calibration error; by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recognizers.metrics.calibration import brier, expected_calibration_error, negative_log_likelihood, top_label_error


def test_bins_hold_equally_many() -> None:
    """Two bins: 0.2 and 0.4, of which one is so (|0.3 - 0.5|); 0.6 and 0.8, of which both are (|0.7 - 1|)."""
    said, right = np.array([0.8, 0.2, 0.6, 0.4]), np.array([True, False, True, True])
    assert expected_calibration_error(said, right, bins=2) == pytest.approx(0.5 * 0.2 + 0.5 * 0.3)


def test_who_is_right_as_often_as_said_has_no_error() -> None:
    said = np.repeat([0.25, 0.75], 400)
    right = np.tile([True, False, False, False], 100).tolist() + np.tile([True, True, True, False], 100).tolist()
    assert expected_calibration_error(said, np.array(right), bins=2) == pytest.approx(0.0)


def test_of_nothing_there_is_no_error() -> None:
    assert expected_calibration_error(np.zeros(0), np.zeros(0, bool)) == 0.0


def test_of_several_labels_the_best_one_counts() -> None:
    scores = np.array([[0.9, 0.1], [0.9, 0.1]], np.float32)
    assert top_label_error(scores, np.array([0, 1]), bins=1) == pytest.approx(0.4, abs=1e-6)


def test_log_likelihood_and_brier_by_hand() -> None:
    scores, truth = np.array([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]], np.float32), np.array([0, 2])

    assert negative_log_likelihood(scores, truth) == pytest.approx(np.log(2))
    # (0.25 + 0.25 + 0) and (0.0625 + 0.0625 + 0.25)
    assert brier(scores, truth) == pytest.approx((0.5 + 0.375) / 2)
