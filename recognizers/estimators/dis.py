"""Dense inverse search: optical flow that keeps up with cameras (Kroeger et al., ECCV 2016), by OpenCV.

At 96×96, `fast` takes 0.1 ms a pair of one thread and `medium` 0.5; TV-L1, which the papers of two-stream networks
took, several hundred times that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.errors import CheckpointMismatch, DeviceFailed

PRESETS = ("ultrafast", "fast", "medium")
SMALLEST_PX = 16
_PATCH_PX = 8


class DisFlow:
    """A `FlowEstimator`: x and y in pixels, looked for in grey."""

    channels = 2
    limit = 20.0
    """Pixels; as of Wang et al. (TSN), ECCV 2016."""

    def __init__(self, preset: str) -> None:
        """`preset`: one of `PRESETS`.

        Raises:
            CheckpointMismatch: OpenCV is not installed.
        """
        self._cv2 = _opencv()
        self._search = self._cv2.DISOpticalFlow_create(PRESETS.index(preset))
        self._finest = self._search.getFinestScale()

    def flow(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        """See `FlowEstimator`.

        Raises:
            ValueError: the pictures are too small to say.
            DeviceFailed: not this time.
        """
        height, width = pictures[0].shape[:2]
        if min(height, width) < SMALLEST_PX:
            raise ValueError(f"pictures are {width}x{height}; dis needs {SMALLEST_PX} pixels each way")
        # Left to itself, OpenCV picks another scale in the middle of a small picture and keeps it for all that follow.
        self._search.setFinestScale(min(self._finest, _coarsest_scale(height, width)))
        try:
            grey = [self._cv2.cvtColor(np.ascontiguousarray(one), self._cv2.COLOR_RGB2GRAY) for one in pictures]
            fields = [self._search.calc(earlier, later, None).transpose(2, 0, 1) for earlier, later in pairwise(grey)]
        except self._cv2.error as error:
            raise DeviceFailed(f"OpenCV failed: {' '.join(str(error).split())}") from error
        return np.stack(fields) if fields else np.empty((0, 2, height, width), np.float32)


def _coarsest_scale(height: int, width: int) -> int:
    """Where OpenCV begins to search, as a power of two by which pictures are made smaller."""
    long, short = max(height, width), min(height, width)
    return min(int(math.log2(long / (4 * _PATCH_PX)) + 0.5), int(math.log2(short / _PATCH_PX)))


def _opencv() -> Any:
    try:
        import cv2  # noqa: PLC0415 - optional
    except ImportError as error:
        raise CheckpointMismatch(
            "this network looks at optical flow by dis, which needs OpenCV; pip install 'taktstream[flow]'"
        ) from error
    # Fields are small: threads would wait for each other, and this is one of a recognizer's threads already.
    cv2.setNumThreads(1)
    return cv2
