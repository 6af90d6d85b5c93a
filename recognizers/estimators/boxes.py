"""Boxes `(K, 4)`, xyxy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Boxes = NDArray[np.floating]

_TOO_ALIKE = 0.45
"""Two boxes that overlap by more are one thing."""


def overlaps(some: Boxes, others: Boxes) -> NDArray[np.float64]:
    """`(K, 4)` and `(L, 4)` → `(K, L)`: intersection over union, in [0, 1]; 0 of boxes without an area."""
    low = np.maximum(some[:, None, :2], others[None, :, :2])
    high = np.minimum(some[:, None, 2:], others[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(axis=2)
    union = _areas(some)[:, None] + _areas(others)[None] - common
    return np.asarray(common / np.maximum(union, 1e-12), np.float64)


def apart(boxes: Boxes, most: float = _TOO_ALIKE) -> NDArray[np.intp]:
    """Positions of boxes, best first, that overlap none before them by more than `most` (non-maximum suppression)."""
    shared = overlaps(boxes, boxes)
    kept: list[int] = []
    for place in range(len(boxes)):
        if not kept or shared[place, kept].max() <= most:
            kept.append(place)
    return np.array(kept, np.intp)


def _areas(boxes: Boxes) -> NDArray[np.floating]:
    areas: NDArray[np.floating] = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(axis=1)
    return areas
