"""Estimators without a network, for the laws of what looks at joints, at people and at flow."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.estimators.base import Found
from recognizers.nn.skeletons import LAYOUTS

_BRIGHT = 200
"""A pixel that belongs to somebody."""


class BrightActors:
    """Two people at most: whatever is bright in each half of a picture, the brighter first."""

    short_side_px = 16

    def __init__(self) -> None:
        self.looked = 0
        """Pictures that were looked at."""

    def actors(self, picture: Picture) -> Found:
        self.looked += 1
        height, width = picture.shape[:2]
        found = []
        for left, right in ((0, width // 2), (width // 2, width)):
            light = picture[:, left:right].max(axis=2) if right > left else np.zeros((height, 0))
            rows, columns = np.nonzero(light > _BRIGHT)
            if len(rows):
                box = (left + columns.min(), rows.min(), left + columns.max() + 1, rows.max() + 1)
                found.append((light[rows, columns].mean() / 255, np.array(box) / (width, height, width, height)))
        found.sort(key=lambda one: -one[0])
        boxes, scores = [box for _, box in found], [score for score, _ in found]
        return Found(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32))


class BrightPoses:
    """Two people: each half of a picture holds one, whose joints are the brightest points of as many bands of rows.

    A half without any light is without a person.
    """

    layout = "coco17"
    short_side_px = 1

    def __init__(self) -> None:
        self.looked = 0
        """Pictures that were looked at."""

    def poses(self, picture: Picture) -> NDArray[np.float32]:
        self.looked += 1
        middle = picture.shape[1] // 2
        light = picture.sum(axis=2)
        halves = [(light[:, :middle], 0), (light[:, middle:], middle)]
        people = [self._pose(half, left, picture.shape[1]) for half, left in halves if half.any()]
        return np.array(people, np.float32).reshape(-1, self._joints, 3)

    @property
    def _joints(self) -> int:
        return len(LAYOUTS[self.layout].joints)

    def _pose(self, light: NDArray[np.integer], left: int, width: int) -> list[tuple[float, float, float]]:
        height, joints = len(light), []
        for joint in range(self._joints):
            top = joint * height // self._joints
            band = light[top : max((joint + 1) * height // self._joints, top + 1)]
            y, x = np.unravel_index(int(band.argmax()), band.shape)
            joints.append(((left + int(x)) / width, (top + int(y)) / height, float(band.max() > 0)))
        return joints


class BrightestFlow:
    """Everything moves as the brightest point does."""

    channels = 2
    limit = 20.0

    def __init__(self) -> None:
        self.looked = 0
        """Pairs that were looked at."""

    def flow(self, pictures: Sequence[Picture]) -> NDArray[np.float32]:
        self.looked += len(pictures) - 1
        height, width = pictures[0].shape[:2]
        places = [divmod(int(one.sum(axis=2, dtype=int).argmax()), width) for one in pictures]
        moved = [(later[1] - earlier[1], later[0] - earlier[0]) for earlier, later in pairwise(places)]
        fields = np.array(moved, np.float32).reshape(-1, 2, 1, 1)
        return np.broadcast_to(fields, (len(fields), 2, height, width)).copy()
