"""Boxes with actions in key frames: frame-mAP as AVA defines it."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IOU = 0.5
MOST = 50
"""Detections of a picture that count, the surest."""


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes of one picture, each with one action; somebody who does two things has two rows."""

    boxes: NDArray[np.floating]
    """`(K, 4)` xyxy."""
    labels: NDArray[np.int64]
    """`(K,)`."""
    scores: NDArray[np.floating]
    """`(K,)`; of no account in the truth."""

    def of(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> Boxes:
        return Boxes(self.boxes[rows], self.labels[rows], self.scores[rows])


def frame_precision(
    truth: Mapping[Hashable, Boxes],
    found: Mapping[Hashable, Boxes],
    labels: Collection[int],
    excluded: Collection[Hashable] = (),
) -> dict[int, float]:
    """Average precision of each of `labels` that the truth shows; frame-mAP is their mean.

    As ActivityNet's `get_ava_performance.py`: boxes by picture; labels that are not evaluated are left out on both
    sides (AVA evaluates 60 of 80), then pictures that are excluded; of a picture's detections the 50 surest count,
    whatever their labels; a detection is right where the box of its label that it covers best has an IoU of at least
    0.5 and is not taken yet, the surest first; the area below precision (of VOC: never lower than at a higher recall).
    """
    asked = np.array(sorted(labels), np.int64)
    real = {key: _evaluated(one, asked, None) for key, one in truth.items() if key not in excluded}
    said = {key: _evaluated(one, asked, MOST) for key, one in found.items() if key not in excluded}
    precision = {}
    for label in asked.tolist():
        count = sum(int((one.labels == label).sum()) for one in real.values())
        if count:
            judged = [_judged(said[key], real.get(key), label) for key in said]
            scores = np.concatenate([np.zeros(0), *(scores for scores, _ in judged)])
            right = np.concatenate([np.zeros(0, bool), *(right for _, right in judged)])
            precision[label] = area(right[np.argsort(-scores, kind="stable")], count)
    return precision


def _evaluated(one: Boxes, asked: NDArray[np.int64], most: int | None) -> Boxes:
    kept = one.of(np.flatnonzero(np.isin(one.labels, asked)))
    return kept.of(np.argsort(-kept.scores, kind="stable")[:most])


def _judged(said: Boxes, real: Boxes | None, label: int) -> tuple[NDArray[np.floating], NDArray[np.bool_]]:
    """Scores of a picture's detections of a label, the surest first, and whether each is right."""
    own = said.of(said.labels == label)
    own = own.of(np.flatnonzero((own.boxes[:, 2:] > own.boxes[:, :2]).all(axis=1)))  # without an area it is none
    right = np.zeros(len(own.scores), bool)
    true = None if real is None else real.boxes[real.labels == label]
    if true is not None and len(true):
        overlaps = overlap(own.boxes, true)
        taken = set[int]()
        for row, best in enumerate(overlaps.argmax(axis=1).tolist()):
            right[row] = overlaps[row, best] >= IOU and best not in taken
            if right[row]:
                taken.add(best)
    return own.scores, right


def overlap(these: NDArray[np.floating], those: NDArray[np.floating]) -> NDArray[np.floating]:
    """`(N, 4)`, `(M, 4)` → `(N, M)` intersection over union."""
    corners = np.maximum(these[:, None, :2], those[None, :, :2]), np.minimum(these[:, None, 2:], those[None, :, 2:])
    shared = np.clip(corners[1] - corners[0], 0, None).prod(axis=2)
    areas = [(some[:, 2:] - some[:, :2]).prod(axis=1) for some in (these, those)]
    whole: NDArray[np.floating] = shared / (areas[0][:, None] + areas[1][None] - shared)
    return whole


def area(right: NDArray[np.bool_], count: int) -> float:
    """Average precision of detections, the surest first, where `count` things could be found (VOC, all points)."""
    found = np.cumsum(right)
    precision = found / np.arange(1, len(right) + 1)
    # What a higher recall reaches, a lower one could have reached too.
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    return float(envelope[right].sum() / count)
