"""Drawing with soft edges, in units of the picture's height: (0, 0) is the top left corner, y grows downwards."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture

Point = tuple[float, float]
Colour = NDArray[np.float32]
"""`(3,)` RGB in [0, 255]."""
Grid = NDArray[np.float32]


class Canvas:
    """A picture being drawn; shapes are signed distance fields, evaluated only where they can be seen."""

    def __init__(self, ground: NDArray[np.float32]) -> None:
        """`ground`: `(H, W, 3)`; the canvas draws on a copy."""
        self.pixels = ground.copy()
        self._height = ground.shape[0]

    def disc(self, centre: Point, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        def distance(x: Grid, y: Grid) -> Grid:
            beyond: Grid = np.hypot(x - centre[0], y - centre[1]) - np.float32(radius)
            return beyond

        self._blend(centre, radius, distance, colour, opacity)

    def capsule(self, start: Point, end: Point, radius: float, colour: Colour, opacity: float = 1.0) -> None:
        """A line of round ends."""
        dx, dy = end[0] - start[0], end[1] - start[1]
        length2 = max(dx * dx + dy * dy, 1e-9)

        def distance(x: Grid, y: Grid) -> Grid:
            along = np.clip(((x - start[0]) * dx + (y - start[1]) * dy) / np.float32(length2), 0, 1)
            return np.hypot(x - start[0] - along * dx, y - start[1] - along * dy) - np.float32(radius)

        centre = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self._blend(centre, max(abs(dx), abs(dy)) / 2 + radius, distance, colour, opacity)

    def box(self, centre: Point, half: Point, turn: float, colour: Colour, opacity: float = 1.0) -> None:
        """A rectangle of half sides `half`, turned by `turn` radians."""
        cos, sin = np.float32(np.cos(turn)), np.float32(np.sin(turn))

        def distance(x: Grid, y: Grid) -> Grid:
            across, down = x - np.float32(centre[0]), y - np.float32(centre[1])
            u = np.abs(across * cos + down * sin) - np.float32(half[0])
            v = np.abs(down * cos - across * sin) - np.float32(half[1])
            return np.maximum(u, v)

        self._blend(centre, float(np.hypot(*half)), distance, colour, opacity)

    def picture(self) -> Picture:
        return np.clip(self.pixels, 0, 255).astype(np.uint8)

    def _blend(
        self, centre: Point, reach: float, distance: Callable[[Grid, Grid], Grid], colour: Colour, opacity: float
    ) -> None:
        height, width = self.pixels.shape[:2]
        one = 1.0 / self._height
        left, right = int((centre[0] - reach) / one) - 1, int((centre[0] + reach) / one) + 3
        top, bottom = int((centre[1] - reach) / one) - 1, int((centre[1] + reach) / one) + 3
        left, right, top, bottom = max(left, 0), min(right, width), max(top, 0), min(bottom, height)
        if left >= right or top >= bottom:
            return
        x = (np.arange(left, right, dtype=np.float32) + np.float32(0.5)) * np.float32(one)
        y = (np.arange(top, bottom, dtype=np.float32) + np.float32(0.5)) * np.float32(one)
        cover = np.clip(0.5 - distance(x[None, :], y[:, None]) * self._height, 0, 1) * np.float32(opacity)
        part = self.pixels[top:bottom, left:right]
        part += cover[:, :, None] * (colour - part)


def texture(rng: np.random.Generator, height: int, width: int, palette: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cloudy `(H, W, 3)` between the two colours of `palette` `(2, 3)`: noise of several scales."""
    field = np.zeros((height, width), np.float32)
    for cells, weight in ((3, 1.0), (7, 0.6), (17, 0.35), (41, 0.2)):
        knots = rng.random((cells + 1, cells * 4 // 3 + 2), dtype=np.float32)
        field += np.float32(weight) * _stretched(knots, height, width)
    low, high = field.min(), field.max()
    share = ((field - low) / max(high - low, 1e-6))[:, :, None]
    clouds: NDArray[np.float32] = palette[0] + share * (palette[1] - palette[0])
    return clouds


def _stretched(knots: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Bilinear enlargement."""
    y = np.linspace(0, knots.shape[0] - 1.001, height, dtype=np.float32)
    x = np.linspace(0, knots.shape[1] - 1.001, width, dtype=np.float32)
    top, left = y.astype(int), x.astype(int)
    fy, fx = (y - top)[:, None], (x - left)[None, :]
    upper = knots[top][:, left] * (1 - fx) + knots[top][:, left + 1] * fx
    lower = knots[top + 1][:, left] * (1 - fx) + knots[top + 1][:, left + 1] * fx
    stretched: NDArray[np.float32] = upper * (1 - fy) + lower * fy
    return stretched


class Light:
    """How the light of a scene changes: slow drift of brightness and colour, a flicker, camera noise."""

    def __init__(self, rng: np.random.Generator, height: int, width: int) -> None:
        self._gain = rng.uniform(0.7, 1.2)
        self._swing, self._period_s = rng.uniform(0.0, 0.15), rng.uniform(7, 40)
        self._tint = rng.uniform(0.88, 1.12, 3).astype(np.float32)
        self._tint_swing = rng.uniform(0.0, 0.06, 3).astype(np.float32)
        self._phase = rng.uniform(0, 2 * np.pi)
        spread = rng.uniform(1, 6)
        # A few pictures of noise, taken in turn: drawing noise anew for each picture would cost more than the scene.
        self._noise = [rng.normal(0, spread, (height, width, 1)).astype(np.float32) for _ in range(7)]

    def fall_on(self, pixels: NDArray[np.float32], at_s: float) -> None:
        """Light a picture, in place. A function of the moment alone."""
        turn = 2 * np.pi * at_s / self._period_s + self._phase
        gain = self._gain * (1 + self._swing * np.sin(turn))
        pixels *= np.float32(gain) * self._tint * (1 + self._tint_swing * np.float32(np.sin(1.7 * turn)))
        pixels += self._noise[int(at_s * 1000) % len(self._noise)]
