"""Laws of what a detector says: anchors cover the picture, boxes of one thing become one."""

from __future__ import annotations

import numpy as np

from recognizers.estimators.detections import Detection, anchors, detections

ANCHORS = np.array([[0.5, 0.5], [0.5, 0.5], [0.25, 0.75]], np.float32)


def found(boxes: list[list[float]], logits: list[float], sure: float = 0.5) -> list[Detection]:
    return detections(
        np.array(boxes, np.float32), np.array(logits, np.float32), ANCHORS, 100, sure=sure, overlap=0.3
    )  # fmt: skip


def test_anchors_are_the_middles_of_cells_row_by_row() -> None:
    places = anchors(8, ((4, 2), (8, 1)))
    assert places.tolist() == [
        [0.25, 0.25], [0.25, 0.25], [0.75, 0.25], [0.75, 0.25],
        [0.25, 0.75], [0.25, 0.75], [0.75, 0.75], [0.75, 0.75],
        [0.5, 0.5],
    ]  # fmt: skip


def test_boxes_and_marks_count_from_their_anchor() -> None:
    (one,) = found([[0] * 6, [0] * 6, [10, -5, 20, 40, 1, 2]], [-9, -9, 9])
    np.testing.assert_allclose(one.middle, [[0.35, 0.70]], atol=1e-6)
    np.testing.assert_allclose(one.size, [[0.2, 0.4]], atol=1e-6)
    np.testing.assert_allclose(one.marks, [[0.26, 0.77]], atol=1e-6)


def test_boxes_that_overlap_are_one_thing_between_them_nearer_to_the_surer() -> None:
    (one,) = found([[0, 0, 20, 20, 0, 0], [4, 0, 20, 20, 8, 0], [0] * 6], [0, np.log(3), -9])
    weights = np.array([0.5, 0.75]) / 1.25
    assert one.score == np.float32(0.75)
    np.testing.assert_allclose(one.middle[0, 0], 0.5 + weights[1] * 0.04, atol=1e-6)
    np.testing.assert_allclose(one.marks[0, 0], 0.5 + weights[1] * 0.08, atol=1e-6)


def test_boxes_apart_are_two_things_the_surer_first() -> None:
    one, other = found([[0, 0, 20, 20, 0, 0], [0] * 6, [0, 0, 20, 20, 0, 0]], [1, -9, 2])
    assert one.score > other.score
    np.testing.assert_allclose(one.middle, ANCHORS[2:], atol=1e-6)


def test_nothing_sure_is_nothing() -> None:
    assert found([[0, 0, 20, 20, 0, 0]] * 3, [-1, -300, -0.1]) == []


def test_boxes_without_an_area_stay_apart() -> None:
    assert len(found([[0] * 6] * 3, [1, 2, 3])) == 3
