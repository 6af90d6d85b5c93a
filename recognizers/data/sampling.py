"""Which pictures of a recording a clip is made of, and which part of each picture is seen. Pure: positions in,
positions out.

A recording is a row of `length` pictures that are evenly spaced in time; a position is a place in that row. `stride` is
how many places lie between two pictures of a clip: 4 takes every fourth. It need not be whole: a clip of one picture
every 0.125 s of a recording kept at 30 Hz has a stride of 3.75.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recognizers.errors import DataError

Positions = NDArray[np.intp]
Spacing = Literal["even", "leading"]
"""Where the clips of several lie: `even` from the first picture to the last, one alone in the middle; `leading` at
i / C of what is left over, as PySlowFast does unless told otherwise: one alone at the beginning."""


@dataclass(frozen=True, slots=True)
class Views:
    """How often a recording is looked at when it is judged."""

    clips: int
    """Clips along its time."""
    crops: int
    """Squares along the longer side of the picture."""

    def __post_init__(self) -> None:
        if self.clips < 1 or self.crops < 1:
            raise DataError(f"{self.clips}x{self.crops} views show nothing; give at least 1x1")

    def __str__(self) -> str:
        return f"{self.clips}x{self.crops}"

    @classmethod
    def parse(cls, text: str) -> Views:
        """Of CLIPSxCROPS, as in 10x3. Raises DataError where it is none."""
        found = re.fullmatch(r"(\d+)\s*[x×]\s*(\d+)", text.strip())
        if found is None:
            raise DataError(f"{text!r} is no number of views; give CLIPSxCROPS, e.g. 10x3")
        return cls(int(found[1]), int(found[2]))


def span(frames: int, stride: float) -> float:
    """From the first picture of a clip to its last, in places: 4 pictures with stride 3 (`fxxfxxfxxf`) span 9."""
    return (frames - 1) * stride


def clip_at(start: float, frames: int, stride: float, length: int) -> Positions:
    """`(frames,)`: a clip that begins at `start`. What lies outside of the recording shows its first or last picture.

    Raises DataError where there is no picture, or no clip is asked for.
    """
    _check(frames, stride, length)
    positions: Positions = np.rint(start + np.arange(frames) * stride).astype(np.intp)
    return np.clip(positions, 0, length - 1)


def random_clip(length: int, frames: int, stride: float, rng: np.random.Generator) -> Positions:
    """`(frames,)`: a clip that begins anywhere where it fits, each place as likely; of a recording that is too short,
    from its beginning on. For training."""
    return clip_at(rng.uniform(0, _left_over(length, frames, stride)), frames, stride, length)


def dense_clips(length: int, frames: int, stride: float, clips: int, spacing: Spacing = "even") -> Positions:
    """`(clips, frames)`: clips along a recording, overlapping where it is short. For validation."""
    if clips < 1:
        raise DataError(f"{clips} clips show nothing; ask for at least 1")
    left = _left_over(length, frames, stride)
    if spacing == "leading":
        starts = left * np.arange(clips) / clips
    else:
        starts = np.linspace(0, left, clips) if clips > 1 else np.array([left / 2])
    return np.stack([clip_at(float(start), frames, stride, length) for start in starts])


def uniform_clip(length: int, frames: int) -> Positions:
    """`(frames,)`: the middle picture of each of `frames` equal parts: the whole recording at a glance (TSN, Wang et
    al., ECCV 2016, when tested)."""
    _check(frames, 1, length)
    middles: Positions = np.floor((np.arange(frames) + 0.5) * length / frames).astype(np.intp)
    return middles


def random_uniform_clip(length: int, frames: int, rng: np.random.Generator) -> Positions:
    """`(frames,)`: any picture of each of `frames` equal parts (TSN, in training)."""
    _check(frames, 1, length)
    positions = np.floor((np.arange(frames) + rng.random(frames)) * length / frames).astype(np.intp)
    return np.minimum(positions, length - 1)


def crop_corners(height: int, width: int, side: int, crops: int) -> list[tuple[int, int]]:
    """Top and left of squares along the longer side of a picture, in the middle of the shorter one: first, middle and
    last of 3, as PySlowFast cuts them; the middle of 1. In order, from left to right or from top to bottom.

    Raises DataError where the picture is smaller than the square.
    """
    if min(height, width) < side:
        raise DataError(f"a square of {side} pixels does not fit in {width}x{height}; resize the short side first")
    shares = np.linspace(0, 1, crops) if crops > 1 else np.array([0.5])
    top, left = math.ceil((height - side) / 2), math.ceil((width - side) / 2)
    if height > width:
        return [(math.ceil((height - side) * share), left) for share in shares]
    return [(top, math.ceil((width - side) * share)) for share in shares]


def cropped(pictures: NDArray[np.uint8], side: int, crops: int) -> NDArray[np.uint8]:
    """`(T, H, W, 3)` → `(crops, T, side, side, 3)`; see `crop_corners`."""
    corners = crop_corners(pictures.shape[1], pictures.shape[2], side, crops)
    return np.stack([pictures[:, top : top + side, left : left + side] for top, left in corners])


def _left_over(length: int, frames: int, stride: float) -> float:
    """How far a clip can be moved within a recording."""
    return max(0.0, length - 1 - span(frames, stride))


def _check(frames: int, stride: float, length: int) -> None:
    if length < 1:
        raise DataError("a recording without pictures has no clips; remove it")
    if frames < 1 or not stride > 0:
        raise DataError(f"{frames} pictures with stride {stride:g} are no clip; give at least 1 picture and stride > 0")
