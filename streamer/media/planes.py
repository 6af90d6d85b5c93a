"""A decoded picture in the camera's own planes: what is shown to people is scaled and coded without becoming RGB."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Planes:
    """4:2:0, full range, of even height and width."""

    pixels: NDArray[np.uint8]
    """`(H * 3 / 2, W)` uint8: luma, and below it both planes of colour."""
    matrix: int
    """By which it is made of RGB, as FFmpeg numbers it (1: BT.709, 2: unknown, 5 and 6: BT.601)."""

    def __repr__(self) -> str:
        rows, width = self.pixels.shape
        return f"Planes({width}x{rows * 2 // 3})"
