"""What a single-shot detector says, made into things that are there: anchors, decoding, overlaps.

As MediaPipe's detectors of bodies and palms mean it (Bazarevsky et al. 2020; Zhang et al. 2020): an anchor has a place
and no size, and of boxes that overlap the mean is taken, weighted by how sure each is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    left = np.arange(len(scores))
    while len(left):
        same = _overlaps(decoded[left[0]], decoded[left]) > overlap
        same[0] = True  # a box without an area overlaps with nothing, not even with itself
        group = left[same]
        mean = np.average(decoded[group], axis=0, weights=scores[group]).astype(np.float32)
        found.append(Detection(float(scores[left[0]]), mean[:1], mean[1:2], mean[2:]))
        left = left[~same]
    return found


def _overlaps(one: Numbers, others: Numbers) -> Numbers:
    """Intersection over union of a box with each of others; in each, the first two rows are middle and size."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=1)
    union = one[1].prod() + others[:, 1].prod(axis=1) - shared
    overlaps: Numbers = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return overlaps
