"""What a single-shot detector says, made into things that are there: anchors, decoding, overlaps.

As MediaPipe's detectors of bodies and palms mean it (Bazarevsky et al. 2020; Zhang et al. 2020): an anchor has a place
and no size, and of boxes that overlap the mean is taken, weighted by how sure each is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizers.estimators.boxes import overlaps
from recognizers.estimators.squares import Numbers, Points


@dataclass(frozen=True, slots=True)
class Detection:
    """Something that was found, in fractions of the square that was looked at."""

    score: float
    middle: Points
    """`(1, 2)`: of its box."""
    size: Points
    """`(1, 2)`: width and height of its box."""
    marks: Points
    """`(K, 2)`: points that the detector marks."""


def anchors(side_px: int, layers: Sequence[tuple[int, int]]) -> Points:
    """`(N, 2)`: the middle of every cell, in fractions; each layer is a stride in pixels and its anchors in a cell."""
    grids = []
    for stride, each in layers:
        cells = side_px // stride
        y, x = np.mgrid[:cells, :cells].reshape(2, -1)
        grids.append(np.repeat((np.stack((x, y), axis=1) + 0.5) / cells, each, axis=0))
    return np.concatenate(grids).astype(np.float32)


def detections(
    boxes: Numbers, logits: Numbers, anchors: Points, side_px: int, *, sure: float, overlap: float
) -> list[Detection]:
    """The surest first.

    Args:
        boxes: `(N, 4 + 2 K)`: middle, size and K marks in pixels, counted from the anchors.
        logits: `(N,)`: whether there is something.
        anchors: `(N, 2)`, of `anchors`.
        side_px: side of the square that the detector saw.
        sure: least score of a detection, in (0, 1).
        overlap: intersection over union beyond which two boxes are the same thing.
    """
    scores = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
    likely = np.flatnonzero(scores >= sure)
    likely = likely[np.argsort(-scores[likely], kind="stable")]
    decoded = boxes[likely].reshape(len(likely), boxes.shape[1] // 2, 2) / side_px
    decoded[:, 0] += anchors[likely]
    decoded[:, 2:] += anchors[likely][:, None]
    return _merged(decoded, scores[likely], overlap)


def _merged(decoded: Numbers, scores: Numbers, overlap: float) -> list[Detection]:
    found = []
    corners, left = _corners(decoded), np.arange(len(scores))
    while len(left):
        same = overlaps(corners[left[:1]], corners[left])[0] > overlap
        same[0] = True  # a box without an area overlaps with nothing, not even with itself
        group = left[same]
        mean = np.average(decoded[group], axis=0, weights=scores[group]).astype(np.float32)
        found.append(Detection(float(scores[left[0]]), mean[:1], mean[1:2], mean[2:]))
        left = left[~same]
    return found


def _corners(decoded: Numbers) -> Numbers:
    """`(K, 2 + marks, 2)`, middle and size first → `(K, 4)` xyxy."""
    half = decoded[:, 1] / 2
    corners: Numbers = np.concatenate((decoded[:, 0] - half, decoded[:, 0] + half), axis=1)
    return corners
