"""Squares of a picture, turned as a body is: what a network is shown, and where it saw something."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture

Numbers = NDArray[np.floating]
Points = NDArray[np.floating]
"""`(K, 2)`: x and y."""


@dataclass(frozen=True, slots=True)
class Square:
    """A part of a picture, in its pixels; it may reach beyond the edges."""

    x: float
    y: float
    """Its middle."""
    side: float
    turn: float = 0.0
    """Radians, clockwise as one looks at the picture."""

    @classmethod
    def around(cls, picture: Picture) -> Square:
        """The smallest upright square that holds the whole picture."""
        height, width = picture.shape[:2]
        return cls(width / 2, height / 2, max(width, height))

    def to_picture(self, points: Points) -> Points:
        """From fractions of the square to pixels of the picture."""
        right, down = ((points - 0.5) * self.side).T
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return np.stack((self.x + cos * right - sin * down, self.y + sin * right + cos * down), axis=1)

    def cut(self, picture: Picture, side_px: int) -> NDArray[np.float32]:
        """`(side, side, 3)` in [0, 1], interpolated between four pixels; black outside of the picture.

        The first pixel is the square's corner, not half a pixel inwards: so MediaPipe cuts on CPUs.
        """
        steps = (np.arange(side_px, dtype=np.float32) / side_px - 0.5) * np.float32(self.side)
        cos, sin = np.float32(math.cos(self.turn)), np.float32(math.sin(self.turn))
        x = np.float32(self.x) + cos * steps[None, :] - sin * steps[:, None]
        y = np.float32(self.y) + sin * steps[None, :] + cos * steps[:, None]
        return _between_pixels(picture, x.ravel(), y.ravel()).reshape(side_px, side_px, 3)


def upwards(start: Points, end: Points) -> float:
    """The turn of a square in which the way from one point to another leads straight up."""
    right, down = end - start
    return math.pi / 2 - math.atan2(-down, right)


def _between_pixels(picture: Picture, x: Numbers, y: Numbers) -> NDArray[np.float32]:
    """`(N, 3)` in [0, 1] at N places."""
    height, width = picture.shape[:2]
    framed = np.zeros((height + 3, width + 3, 3), np.uint8)  # black all around: one pixel before, two behind
    framed[1:-2, 1:-2] = picture
    pixels = framed.reshape(-1, 3)
    x, y = np.clip(x, -1, width) + 1, np.clip(y, -1, height) + 1
    left, top = np.floor(x), np.floor(y)
    across, along = (x - left)[:, None], (y - top)[:, None]
    place = top.astype(np.int32) * (width + 3) + left.astype(np.int32)
    rows = []
    for first in (place, place + width + 3):
        here, next_to_it = (pixels.take(one, axis=0).astype(np.float32) for one in (first, first + 1))
        rows.append(here + across * (next_to_it - here))
    upper, lower = rows
    mixed: NDArray[np.float32] = (upper + along * (lower - upper)) / np.float32(255)
    return mixed
