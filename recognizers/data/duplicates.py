"""Videos that show the same: also encoded anew, smaller, brighter, or cut a little differently.

Pictures are compared by the signs of their lowest frequencies (pHash: Zauner, "Implementation and benchmarking of
perceptual image hash functions", 2010). What a camera on a wall films looks the same at all times, so what moves must
look the same too: pictures are compared once more after what stands still was taken out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.data.video import thumbnails

PICTURES = 16
"""Pictures of a video that are compared."""
_SIDE = 32
_LOW = 8
"""Frequencies along each side."""
_BITS = 14
"""Bits of 64 by which pictures of the same may differ."""
_SHARE = 0.75
"""Pictures of a video that must be found in the other one."""
_MOVES = 2.0
"""Grey levels (standard deviation) below which nothing moves."""
_ALIKE = 0.65
"""Correlation of what moves in two pictures, from which on it is the same."""
_MOVING = 0.625
"""Pictures in which something moves, as a share, whose like must be found in the other video."""


@dataclass(frozen=True, slots=True, repr=False)
class Look:
    """What a video looks like."""

    hashes: NDArray[np.uint64]
    """`(K,)` of each picture."""
    moving: NDArray[np.float32]
    """`(K, 256)` what differs in each from what stands still; of length 1, or 0 where nothing moves."""


def look_of(path: Path) -> Look:
    """Raises DataError where the video cannot be read."""
    return look(thumbnails(path, PICTURES, _SIDE))


def look(pictures: NDArray[np.uint8]) -> Look:
    """Of pictures `(K, 32, 32)`, grey, in order. Pictures of one colour, as before a film begins, are left out where
    there are others."""
    grey = pictures.astype(np.float32)
    shows = grey.std(axis=(1, 2)) > 4
    grey = grey[shows] if shows.any() else grey
    moving = grey - np.median(grey, axis=0)
    small = moving.reshape(len(grey), _SIDE // 2, 2, _SIDE // 2, 2).mean(axis=(2, 4)).reshape(len(grey), -1)
    small -= small.mean(axis=1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    moves = length > _MOVES * np.sqrt(small.shape[1])
    return Look(_hashes(grey), np.where(moves, small / np.maximum(length, 1e-6), 0).astype(np.float32))


def near_duplicates(some: Sequence[Look], others: Sequence[Look]) -> Iterator[tuple[int, int, float]]:
    """Which of `some` show the same as which of `others`: both their numbers, and the share of pictures that are in
    both."""
    if not some or not others:
        return
    theirs = np.concatenate([other.hashes for other in others])
    starts = np.cumsum([0, *(len(other.hashes) for other in others[:-1])])
    for number, one in enumerate(some):
        nearest = np.stack([
            np.minimum.reduceat(np.bitwise_count(theirs ^ hashed), starts) for hashed in one.hashes
        ])  # fmt: skip
        shares = (nearest <= _BITS).mean(axis=0)
        for other in np.flatnonzero(shares >= _SHARE).tolist():
            if _moves_alike(one, others[other]):
                yield number, other, float(shares[other])


def _moves_alike(one: Look, other: Look) -> bool:
    """Whether what moves in the pictures of one is found in the other's; where nothing moves in one, nothing may in the
    other."""
    own = one.moving[one.moving.any(axis=1)]
    its = other.moving[other.moving.any(axis=1)]
    if not len(own) or not len(its):
        return len(own) == len(its) == 0
    alike = (own @ its.T).max(axis=1)
    return float((alike >= _ALIKE).mean()) >= _MOVING


def _hashes(grey: NDArray[np.float32]) -> NDArray[np.uint64]:
    """64 bits each: whether a frequency is stronger than half of the others."""
    waves = np.cos(np.pi * np.outer(np.arange(_LOW), 2 * np.arange(_SIDE) + 1) / (2 * _SIDE)).astype(np.float32)
    low = (waves @ grey @ waves.T).reshape(len(grey), -1)
    low[:, 0] = -np.inf  # brightness
    bits = low > np.median(low[:, 1:], axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64).ravel()
