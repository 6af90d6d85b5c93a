"""A simulated work cell seen from above: hands, a part, a crank, clutter; changing light, colour and tempo.

Everything is a function of the seed and the moment. Whether the crank is tightened or loosened cannot be told from
one picture: the two show the same pictures in opposite order.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recognizers.clip import Picture
from recognizers.data.synthetic.canvas import Canvas, Colour, Light, Point, texture
from recognizers.data.synthetic.pose import CRANK, Places, Pose, pose, start
from recognizers.data.synthetic.script import Act, Script, Segment

ASPECT = 4 / 3
_REACH = 0.1
"""From the middle of a hand to its finger tips, in heights of the picture."""


@dataclass(frozen=True, slots=True)
class _Look:
    """Colours of a session."""

    skin: Colour
    sleeve: Colour
    part: Colour
    mark: Colour
    metal: Colour
    handle: Colour
    arm: float
    """Thickness of the forearm."""


class WorkCell:
    """One session at the bench: its operator, light and clutter come from `seed`."""

    def __init__(self, seed: int, height_px: int = 240, plan: Sequence[Sequence[Act]] = ()) -> None:
        """`plan`: what is done, cycle by cycle, where that is not left to the seed."""
        rng = np.random.default_rng((seed, 0))
        self.height_px, self.width_px = height_px, round(height_px * ASPECT / 2) * 2
        self.script = Script(seed, plan)
        self._places = _places(rng)
        self._look = _look(rng)
        self._ground = _bench(rng, self._places, self.height_px, self.width_px)
        self._light = Light(rng, self.height_px, self.width_px)
        self._poses: list[Pose] = [start(self._places)]
        """The pose in which each segment begins."""

    def truth(self, until_s: float) -> list[Segment]:
        """What is done, pauses included, up to a moment."""
        return self.script.until(until_s)

    def pose_at(self, at_s: float) -> Pose:
        number = self.script.at(at_s)
        for earlier in range(len(self._poses) - 1, number):
            segment = self.script.segments[earlier]
            self._poses.append(pose(self._places, segment, segment.end_s, self._poses[earlier]))
        return pose(self._places, self.script.segments[number], at_s, self._poses[number])

    def operator_at(self, at_s: float) -> tuple[float, float, float, float]:
        """Left, top, right, bottom of what is seen of the operator, in heights of the picture: hands and forearms that
        come in from below."""
        now = self.pose_at(at_s)
        across = (now.hand[0], now.other[0], *self._elbows())
        top = min(now.hand[1], now.other[1], 1.0 - _REACH)
        return min(across) - _REACH, top - _REACH, max(across) + _REACH, 1.0

    def _elbows(self) -> tuple[float, float]:
        """How far right they are; below the picture."""
        return self._places.other_rest[0] - 0.14, self._places.rest[0] + 0.14

    def draw(self, at_s: float) -> Picture:
        """The picture of a moment, `(H, W, 3)` uint8 RGB."""
        now, canvas = self.pose_at(at_s), Canvas(self._ground)
        self._draw_crank(canvas, now.crank)
        if now.part is not None:
            self._draw_part(canvas, now.part, now.part_turn)
        other_elbow, elbow = self._elbows()
        self._draw_arm(canvas, (other_elbow, 1.2), now.other, -1)
        self._draw_arm(canvas, (elbow, 1.2), now.hand, 1)
        self._light.fall_on(canvas.pixels, at_s)
        return canvas.picture()

    def _draw_crank(self, canvas: Canvas, turn: float) -> None:
        axis, look = self._places.axis, self._look
        knob = (axis[0] + CRANK * np.cos(turn), axis[1] + CRANK * np.sin(turn))
        canvas.capsule(axis, knob, 0.016, look.metal)
        canvas.disc(axis, 0.032, look.metal * 0.8)
        canvas.disc(knob, 0.026, look.handle)

    def _draw_part(self, canvas: Canvas, at: Point, turn: float) -> None:
        look = self._look
        canvas.disc((at[0] + 0.008, at[1] + 0.01), 0.055, look.mark * 0, 0.25)
        canvas.box(at, (0.052, 0.036), turn, look.part)
        canvas.box((at[0] + 0.025 * np.cos(turn), at[1] + 0.025 * np.sin(turn)), (0.01, 0.03), turn, look.mark)

    def _draw_arm(self, canvas: Canvas, elbow: Point, hand: Point, side: int) -> None:
        look, black = self._look, self._look.mark * 0
        along = np.hypot(hand[0] - elbow[0], hand[1] - elbow[1])
        dx, dy = (hand[0] - elbow[0]) / along, (hand[1] - elbow[1]) / along
        wrist = (hand[0] - 0.09 * dx, hand[1] - 0.09 * dy)
        canvas.capsule((elbow[0] + 0.015, elbow[1]), (wrist[0] + 0.015, wrist[1] + 0.02), look.arm, black, 0.2)
        canvas.capsule(elbow, wrist, look.arm, look.sleeve)
        canvas.capsule(wrist, hand, 0.036, look.skin)
        canvas.disc(hand, 0.043, look.skin)
        for spread in (-0.5, -0.15, 0.2):
            tip = (hand[0] + 0.065 * (dx - spread * dy), hand[1] + 0.065 * (dy + spread * dx))
            canvas.capsule(hand, tip, 0.014, look.skin * 0.95)
        thumb = (hand[0] + 0.05 * (0.4 * dx + side * dy), hand[1] + 0.05 * (0.4 * dy - side * dx))
        canvas.capsule(hand, thumb, 0.015, look.skin * 0.9)


def _places(rng: np.random.Generator) -> Places:
    """Benches of one kind, seen by cameras that nobody mounts twice the same way."""
    turn, size = rng.uniform(-0.12, 0.12), rng.uniform(0.88, 1.08)
    shift = rng.uniform(-0.035, 0.035, 2)

    def place(x: float, y: float, jitter: float = 0.025) -> Point:
        x, y = x + rng.uniform(-jitter, jitter) - ASPECT / 2, y + rng.uniform(-jitter, jitter) - 0.5
        across, down = x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)
        return float(across * size + ASPECT / 2 + shift[0]), float(down * size + 0.5 + shift[1])

    nest = place(0.60, 0.44)
    return Places(
        bin=place(0.36, 0.20),
        nest=nest,
        axis=(nest[0] + 0.15, nest[1] - 0.07),
        tray=place(1.02, 0.36),
        rest=place(0.86, 0.84),
        other_rest=place(0.46, 0.86),
        hold=place(0.74, 0.74),
    )


def _look(rng: np.random.Generator) -> _Look:
    gloves = rng.random() < 0.4
    skin = _hue(rng, 0.4, 0.9) if gloves else rng.uniform((120, 75, 50), (240, 195, 170)).astype(np.float32)
    return _Look(
        skin=skin,
        sleeve=_hue(rng, 0.1, 0.8),
        part=_hue(rng, 0.3, 0.95),
        mark=rng.uniform(0, 255, 3).astype(np.float32),
        metal=np.full(3, rng.uniform(120, 220), np.float32),
        handle=_hue(rng, 0.3, 0.95),
        arm=float(rng.uniform(0.042, 0.06)),
    )


def _hue(rng: np.random.Generator, low: float, high: float) -> Colour:
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.2, 1.0), rng.uniform(low, high))
    return np.array((red, green, blue), np.float32) * 255


def _bench(
    rng: np.random.Generator, places: Places, height: int, width: int
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """The bench with all that never moves."""
    base = rng.uniform((70, 60, 50), (210, 200, 190)).astype(np.float32)
    palette = np.stack((base * rng.uniform(0.75, 0.95), base * rng.uniform(1.02, 1.15))).astype(np.float32)
    canvas = Canvas(texture(rng, height, width, palette))
    for _ in range(int(rng.integers(3, 10))):
        at = (rng.uniform(0.05, ASPECT - 0.05), rng.uniform(0.03, 0.97))
        near = min(np.hypot(at[0] - x, at[1] - y) for x, y in (places.bin, places.nest, places.axis, places.tray))
        if near < 0.2:
            continue
        half = (rng.uniform(0.015, 0.07), rng.uniform(0.015, 0.07))
        canvas.box((at[0] + 0.01, at[1] + 0.012), half, (turn := rng.uniform(0, 3.14)), base * 0, 0.25)
        canvas.box(at, half, turn, _hue(rng, 0.2, 0.95))
    canvas.box(places.bin, (0.12, 0.09), 0.0, _hue(rng, 0.2, 0.7))
    canvas.box(places.bin, (0.105, 0.075), 0.0, base * 0.35)
    canvas.box(places.tray, (0.1, 0.1), 0.0, _hue(rng, 0.3, 0.9))
    canvas.box(places.nest, (0.085, 0.065), 0.0, base * 0.45)
    canvas.disc(places.axis, 0.05, base * 0.6)
    return canvas.pixels
