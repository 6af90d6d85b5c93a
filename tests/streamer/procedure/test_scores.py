"""Figures of procedures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.procedure.evaluation.scores import Counts, completions, counted, macro_f1, order_similarity

words = st.text("abc", max_size=6)


@pytest.mark.parametrize(
    ("said", "true", "expected"),
    [
        ("abc", "abc", 1.0),
        ("ac", "abc", 1 - 1 / 3),  # one missing
        ("acb", "abc", 1 - 1 / 3),  # two swapped
        ("abd", "abc", 1 - 2 / 3),  # a substitution costs two
        ("xyz", "abc", 0.0),
        ("abcxyzw", "abc", 0.0),  # never below
        ("", "", 1.0),
        ("a", "", 0.0),
    ],
)
def test_similarity_of_orders(said: str, true: str, expected: float) -> None:
    assert order_similarity(said, true) == pytest.approx(expected)


@given(words, words)
def test_similarity_is_whole_only_for_equal_orders(said: str, true: str) -> None:
    assert 0 <= order_similarity(said, true) <= 1
    assert (order_similarity(said, true) == 1) == (said == true)


def test_a_completion_said_early_or_twice_is_wrong() -> None:
    true = [("a", 1.0), ("b", 5.0), ("c", 9.0)]
    said = [("a", 2.0), ("a", 3.0), ("b", 4.0), ("c", 9.0)]
    counts, delays = completions(said, true)
    assert counts == Counts(right=2, wrong=2, overlooked=1)
    assert delays == [1.0, 0.0]


def test_f1_of_both_answers() -> None:
    pairs = [(True, True), (True, False), (False, True), (False, False), (False, False)]
    assert counted(pairs) == Counts(1, 1, 1)
    assert counted(pairs).f1 == 0.5
    assert macro_f1(pairs) == pytest.approx((0.5 + 2 / 3) / 2)
    assert (Counts().precision, Counts().recall, Counts().f1) == (1, 1, 1)
    assert Counts(1, 1, 2) + Counts(1) == Counts(2, 1, 2)
