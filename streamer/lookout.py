"""Whether a camera's pictures show anything: frozen, dark and blocked ones do not. Pure.

Twice a second a small grid of the picture is looked at. *Frozen*: the same picture again and again; what tells it from
a still bench is the noise of a camera that lives, which survives its encoder. *Dark*: nearly all of it is black.
*Blocked*: hardly any part of it has a texture, as when something lies before the lens.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from streamer.frame import Blind

LOOK_S = 0.5
STILL_S = 2.0
"""Seconds of the very same picture after which it is not believed to show what is done."""
ROWS, COLUMNS = 6, 8
"""Parts of a picture that have a texture or not."""
_GRID_PX = 64
"""Least height of what is compared."""
_FINE = 5
"""Points of the height of a part of which the texture is made; each is a mean, so that noise is no texture."""
_DIFFERS = 4
"""Levels by which a point differs where something moved."""
_STILL_SHARE = 0.0005
_FROZEN = 0.05
"""Levels, of all points, from one look to the next (the median): coded anew, a frozen picture differs by less, and a
still bench by more, of cameras with a noise of half a level and more."""
_MOST_LOOKS = 240
_BLACK_SHARE = 0.98
_TEXTURE = 2.0
"""Levels by which a point is off the middle of its neighbours; what lies before the lens is shaded evenly."""


@dataclass(frozen=True, slots=True)
class LookoutOptions:
    """When pictures show nothing."""

    frozen_s: float = 10.0
    """Seconds of the same picture until that is lasting; 0: never."""
    dark_below: float = 32.0
    """Levels (of 255) that nearly all of a dark picture stays below; 0: never."""
    blocked_below: float = 0.15
    """Share of parts with a texture below which it is blocked; 0: never."""
    after_s: float = 1.0
    """Seconds of dark or blocked pictures until that is lasting; and half as long of others, until it can see again."""


class Lookout:
    """Follows one connection of a stream."""

    def __init__(self, options: LookoutOptions) -> None:
        self._options = options
        self._due_s = -math.inf
        self._before: NDArray[np.int16] | None = None
        self._still: NDArray[np.int16] | None = None
        """The first picture since something moved."""
        self._moved_s = 0.0
        looks = min(max(1, math.ceil(options.frozen_s / LOOK_S)), _MOST_LOOKS)
        self._apart: deque[float] = deque(maxlen=looks)
        """By how much each picture since then differs from the one before."""
        self._since: tuple[str, float] = ("", 0.0)
        """What the newest pictures are, and since when they are."""
        self._blind: Blind | None = None

    def look(self, media_s: float, picture: Picture) -> Blind | None:
        """The next picture `(H, W, 3)`, at media seconds; why nothing can be seen, if so."""
        if media_s >= self._due_s:
            self._due_s = media_s + LOOK_S
            self._decide(media_s, self._what(media_s, picture[..., 1]))
        return self._blind

    def _what(self, media_s: float, levels: NDArray[np.uint8]) -> str:
        step = max(1, levels.shape[0] // _GRID_PX)
        grid = levels[::step, ::step].astype(np.int16)
        if self._is_frozen(media_s, grid):
            return "frozen"
        if np.mean(grid < self._options.dark_below) >= _BLACK_SHARE:
            return "dark"
        return "blocked" if textured(levels) < self._options.blocked_below else ""

    def _is_frozen(self, media_s: float, grid: NDArray[np.int16]) -> bool:
        before, self._before = self._before, grid
        if before is None or self._still is None or _moved(before, grid) or _moved(self._still, grid):
            self._still, self._moved_s = grid, media_s
            self._apart.clear()
            return False
        self._apart.append(float(np.abs(grid - before).mean()))
        still_s, frozen_s = media_s - self._moved_s, self._options.frozen_s
        # A frozen picture is coded better and better for a while, with leaps at key frames: at first few looks agree.
        share = 0.5 if still_s >= frozen_s else 0.25
        return 0 < min(frozen_s, STILL_S) <= still_s and float(np.quantile(self._apart, share)) <= _FROZEN

    def _decide(self, media_s: float, what: str) -> None:
        if what != self._since[0]:
            self._since = (what, self._moved_s if what == "frozen" else media_s)
        lasts_s = media_s - self._since[1]
        if what:
            since_s = self._since[1] if self._blind is None else self._blind.since_s
            least_s = self._options.frozen_s if what == "frozen" else self._options.after_s
            self._blind = Blind(what, since_s, lasting=lasts_s >= least_s)
        elif lasts_s >= self._options.after_s / 2:
            self._blind = None


def textured(levels: NDArray[np.uint8]) -> float:
    """The share of parts of a picture `(H, W)` that have a texture."""
    step = max(1, levels.shape[0] // (ROWS * _FINE))
    height, width = levels.shape[0] // step // ROWS * ROWS, levels.shape[1] // step // COLUMNS * COLUMNS
    if height < 3 * ROWS or width < 3 * COLUMNS:
        return 1.0  # too small to tell
    points = levels[: height * step, : width * step].reshape(height, step, width, step).mean(axis=(1, 3))
    parts = points.reshape(ROWS, height // ROWS, COLUMNS, width // COLUMNS)
    across = np.abs(np.diff(parts, 2, axis=3)).mean(axis=(1, 3)) / 2
    down = np.abs(np.diff(parts, 2, axis=1)).mean(axis=(1, 3)) / 2
    return float(np.mean(np.maximum(across, down) > _TEXTURE))


def _moved(one: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    return one.shape != other.shape or bool(np.mean(np.abs(one - other) > _DIFFERS) > _STILL_SHARE)
