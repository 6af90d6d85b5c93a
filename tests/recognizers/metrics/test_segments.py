"""Segments as ms-tcn counts them, by hand. Each video is drawn as a line of labels; `.` is the background."""

from __future__ import annotations

import math

import pytest

from recognizers.metrics.segments import Segment, Video, edit_score, moment_accuracy, segment_f1, segments


def video(said: str, true: str) -> Video:
    return [ord(one) for one in said], [ord(one) for one in true]


NONE = ord(".")


def test_runs_of_one_label_are_segments_and_the_background_is_none() -> None:
    found = segments([ord(one) for one in ".aab.b"], NONE)
    assert found == [Segment(ord("a"), 1, 3), Segment(ord("b"), 3, 4), Segment(ord("b"), 5, 6)]
    assert segments([], NONE) == []


@pytest.mark.parametrize(("overlap", "f1"), [(0.1, 1.0), (0.5, 1.0), (0.66, 1.0), (0.67, 0.5)])
def test_a_segment_is_found_where_it_overlaps_enough(overlap: float, f1: float) -> None:
    """a: 2 of 3 moments; b: all."""
    assert segment_f1([video(".aaa.bb.", ".aa..bb.")], NONE, overlap) == f1


def test_a_segment_that_was_said_in_pieces_is_found_once() -> None:
    """One right, one wrong, none missed: 2 / (2 + 1)."""
    assert segment_f1([video("aaaaaa.aa", "aaaaaaaaa")], NONE, 0.1) == pytest.approx(2 / 3)


def test_another_label_in_its_place_is_wrong_and_it_is_missed() -> None:
    assert segment_f1([video("bbb", "aaa")], NONE, 0.1) == 0.0


def test_segments_of_all_videos_are_counted_together() -> None:
    """2 right; 1 wrong, 1 missed: 4 / 6, and not the mean of 1 and 0."""
    assert segment_f1([video("a.b", "a.b"), video("ccc", "ddd")], NONE, 0.5) == pytest.approx(4 / 6)


def test_where_nothing_is_true_what_was_said_is_wrong_and_nothing_is_right() -> None:
    assert segment_f1([video("aaa", "...")], NONE, 0.1) == 0.0
    assert segment_f1([video("...", "...")], NONE, 0.1) == 1.0


def test_order_is_the_distance_of_the_labels_in_a_row() -> None:
    """One too many of three; one of two replaced."""
    assert edit_score([video("a.b.a", "a.b..")], NONE) == pytest.approx(1 - 1 / 3)
    assert edit_score([video("ab", "cb")], NONE) == pytest.approx(1 / 2)
    assert edit_score([video("ab", "ba"), video("a.", "a.")], NONE) == pytest.approx((0.0 + 1.0) / 2)


def test_of_two_videos_without_segments_the_order_is_right() -> None:
    assert edit_score([video("..", "..")], NONE) == 1.0
    assert math.isnan(edit_score([], NONE))


def test_moments_are_counted_over_all_videos() -> None:
    assert moment_accuracy([video("aab", "aaa"), video("b", "b")]) == 0.75
