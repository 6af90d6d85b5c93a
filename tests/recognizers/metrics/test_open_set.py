"""Known from unknown, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recognizers.metrics.open_set import auroc, false_positive_rate


def test_auroc_is_how_often_the_known_is_known_better() -> None:
    """5 beats both, 3 beats 1 and equals 3 (a half): 3.5 of 4."""
    assert auroc(np.array([5.0, 3.0]), np.array([1.0, 3.0])) == pytest.approx(3.5 / 4)


def test_large_logits_that_differ_stay_different() -> None:
    assert auroc(np.array([60.0, 59.0]), np.array([58.0, 57.0])) == 1.0


def test_the_unknown_that_passes_where_nearly_all_of_the_known_does() -> None:
    """19 of 20 known ones reach 2 (95 %); of the unknown, 2 and 9 do."""
    known = np.array([1.0, *range(2, 21)])
    assert false_positive_rate(known, np.array([0.0, 1.5, 2.0, 9.0])) == pytest.approx(0.5)
