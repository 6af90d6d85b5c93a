"""frame-mAP as AVA's own script counts it, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recognizers.metrics.detection import Boxes, area, frame_precision, overlap

LEFT, RIGHT = (0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)
Row = tuple[tuple[float, float, float, float], int, float]


def boxes(*rows: Row) -> Boxes:
    return Boxes(
        np.array([row[0] for row in rows], float).reshape(-1, 4),
        np.array([row[1] for row in rows], np.int64),
        np.array([row[2] for row in rows], float),
    )


def test_overlap_is_intersection_over_union() -> None:
    measured = overlap(np.array([LEFT]), np.array([LEFT, RIGHT, (0.0, 0.0, 0.5, 0.25), (0.25, 0.0, 0.75, 0.5)]))
    assert measured[0].tolist() == pytest.approx([1.0, 0.0, 0.5, 1 / 3])


def test_precision_of_two_labels_by_hand() -> None:
    """Label 1: 0.9 right, 0.8 finds somebody again, 0.7 where nobody does it, 0.6 right: (1/1 + 2/4) / 2.
    Label 2: 0.5 beside, 0.3 right by an IoU of just 0.5: (1/2) / 1."""
    truth = {"a": boxes((LEFT, 1, 1), (RIGHT, 1, 1)), "b": boxes((LEFT, 2, 1))}
    found = {
        "a": boxes((LEFT, 1, 0.9), ((0.0, 0.0, 0.5, 0.45), 1, 0.8), ((0.5, 0.5, 1.0, 0.9), 1, 0.6)),
        "b": boxes((LEFT, 1, 0.7), (RIGHT, 2, 0.5), ((0.0, 0.0, 0.5, 0.25), 2, 0.3)),
    }

    assert frame_precision(truth, found, [1, 2]) == pytest.approx({1: 0.75, 2: 0.5})


def test_a_lower_recall_has_at_least_the_precision_of_a_higher_one() -> None:
    """Wrong, right, right: precision 1/2 and 2/3 at what is found; the first could have been 2/3 too."""
    assert area(np.array([False, True, True]), 2) == pytest.approx(2 / 3)
    assert area(np.array([True, False]), 4) == pytest.approx(1 / 4)


def test_labels_that_are_not_evaluated_are_left_out_on_both_sides() -> None:
    truth = {"a": boxes((LEFT, 1, 1), (LEFT, 3, 1))}
    found = {"a": boxes((LEFT, 1, 0.5), (LEFT, 3, 0.9))}

    assert frame_precision(truth, found, [1, 2]) == {1: 1.0}


def test_seconds_that_are_excluded_count_neither_as_truth_nor_as_found() -> None:
    truth = {"a": boxes((LEFT, 1, 1)), "x": boxes((LEFT, 1, 1))}
    found = {"a": boxes((LEFT, 1, 0.4)), "x": boxes((RIGHT, 1, 0.9))}

    assert frame_precision(truth, found, [1]) == pytest.approx({1: 0.25})
    assert frame_precision(truth, found, [1], excluded={"x"}) == {1: 1.0}


def test_what_is_found_in_a_picture_without_truth_is_wrong() -> None:
    assert frame_precision(
        {"a": boxes((LEFT, 1, 1))}, {"a": boxes((LEFT, 1, 0.5)), "b": boxes((LEFT, 1, 0.9))}, [1]
    ) == {1: 0.5}


def test_fifty_detections_of_a_picture_count_over_all_labels_that_are_evaluated() -> None:
    many: list[Row] = [(RIGHT, 2, 0.9 - n / 1000) for n in range(50)]
    truth, found = {"a": boxes((LEFT, 1, 1))}, {"a": boxes((LEFT, 1, 0.1), *many)}

    assert frame_precision(truth, found, [1, 2]) == {1: 0.0}
    assert frame_precision(truth, found, [1]) == {1: 1.0}


def test_a_detection_is_judged_by_the_box_that_it_covers_best_also_where_that_is_taken() -> None:
    """The official script does not look for a second one: two people in nearly the same place need two boxes."""
    near = (0.0, 0.0, 0.5, 0.48)
    truth = {"a": boxes((LEFT, 1, 1), (near, 1, 1))}
    found = {"a": boxes((LEFT, 1, 0.9), (LEFT, 1, 0.8))}

    assert frame_precision(truth, found, [1]) == pytest.approx({1: 0.5})


def test_a_box_without_an_area_is_none() -> None:
    found = {"a": boxes(((0.2, 0.2, 0.2, 0.4), 1, 0.9), (LEFT, 1, 0.5))}
    assert frame_precision({"a": boxes((LEFT, 1, 1))}, found, [1]) == {1: 1.0}
