"""Scenes that are no work cell: things of any size and colour that move in any way. Nothing to report here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recognizers.clip import Picture
from recognizers.data.synthetic.canvas import Canvas, Colour, Light, texture
from recognizers.data.synthetic.cell import ASPECT

_THERE_S = 6.0
"""Seconds of coming nearer."""
_NEAREST = 0.4
"""Largest size, in heights of the picture."""


@dataclass(frozen=True, slots=True)
class _Body:
    """Something that goes its way, swinging."""

    colours: tuple[Colour, Colour]
    size: float
    slender: float
    start: tuple[float, float]
    speed: tuple[float, float]
    swing: tuple[float, float]
    rate: float
    """Swings a second."""
    nearing: float
    """By which power of e it grows in a second while it comes nearer; it goes away again as it came."""
    phase: float


class Elsewhere:
    """A view of somewhere else, from `seed`."""

    def __init__(self, seed: int, height_px: int = 240) -> None:
        rng = np.random.default_rng((seed, 2))
        self.height_px, self.width_px = height_px, round(height_px * ASPECT / 2) * 2
        palette = rng.uniform(10, 245, (2, 3)).astype(np.float32)
        self._ground = texture(rng, height_px, self.width_px, palette)
        self._furnish(rng)
        self._light = Light(rng, height_px, self.width_px)
        self._shake = float(rng.choice((0.0, 0.0, 0.0, 3.0)))
        self._bodies = [_body(rng) for _ in range(int(rng.integers(0, 9)))]

    def draw(self, at_s: float) -> Picture:
        """The picture of a moment, `(H, W, 3)` uint8 RGB."""
        canvas = Canvas(self._ground)
        for body in self._bodies:
            _draw(canvas, body, at_s)
        if self._shake:
            offset = round(self._shake * np.sin(11 * at_s)), round(self._shake * np.cos(7 * at_s))
            canvas.pixels = np.roll(canvas.pixels, offset, (0, 1))
        self._light.fall_on(canvas.pixels, at_s)
        return canvas.picture()

    def _furnish(self, rng: np.random.Generator) -> None:
        canvas = Canvas(self._ground)
        for _ in range(int(rng.integers(0, 25))):
            colour = rng.uniform(0, 255, 3).astype(np.float32)
            at, turn = (rng.uniform(0, ASPECT), rng.uniform(0, 1)), rng.choice((0.0, 0.0, rng.uniform(0, 3.14)))
            canvas.box(at, (rng.uniform(0.01, 0.4), rng.uniform(0.01, 0.3)), float(turn), colour, rng.uniform(0.3, 1))
        self._ground = canvas.pixels


def _body(rng: np.random.Generator) -> _Body:
    calm = rng.random() < 0.3
    fast = 0.0 if calm else float(rng.choice((0.1, 0.4)))
    return _Body(
        colours=(rng.uniform(0, 255, 3).astype(np.float32), rng.uniform(0, 255, 3).astype(np.float32)),
        size=float(np.exp(rng.uniform(np.log(0.015), np.log(0.3)))),
        slender=float(rng.uniform(1, 4)),
        start=(float(rng.uniform(0, ASPECT)), float(rng.uniform(0, 1))),
        speed=(float(rng.normal(0, fast)), float(rng.normal(0, fast))),
        swing=(float(rng.exponential(0.04)), float(rng.exponential(0.04))),
        rate=float(rng.uniform(0.2, 2.5)),
        nearing=float(rng.choice((0.0, 0.0, rng.uniform(0.1, 0.6)))),
        phase=float(rng.uniform(0, 6.28)),
    )


def _draw(canvas: Canvas, body: _Body, at_s: float) -> None:
    """A trunk, a head, two legs and two arms; those who leave the picture come back on the other side."""
    turn = 2 * np.pi * body.rate * at_s + body.phase
    nearness = np.exp(body.nearing * (abs((at_s + body.phase) % (2 * _THERE_S) - _THERE_S) - _THERE_S / 2))
    x = (body.start[0] + body.speed[0] * at_s + body.swing[0] * np.sin(turn) + 0.3) % (ASPECT + 0.6) - 0.3
    y = (body.start[1] + body.speed[1] * at_s + body.swing[1] * np.cos(turn * 0.8) + 0.3) % 1.6 - 0.3
    y += (nearness - 1) * body.size
    size = min(body.size * nearness, _NEAREST)
    tall, wide = size * body.slender / 2, size / 2
    canvas.capsule((x, y - tall / 2), (x, y + tall / 2), wide, body.colours[0])
    canvas.disc((x, y - tall / 2 - wide), wide * 0.7, body.colours[1])
    for side in (-1, 1):
        foot = (x + side * wide * np.sin(turn), y + tall)
        canvas.capsule((x, y + tall / 4), foot, wide * 0.4, body.colours[0] * 0.8)
        hand = (x + side * wide * (1 + 0.5 * np.cos(turn)), y + tall / 4 * np.sin(turn + side))
        canvas.capsule((x + side * wide, y - tall / 2), hand, wide * 0.25, body.colours[1])
