"""Who is who: people keep their place from picture to picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Poses = NDArray[np.float32]
"""`(people, joints, 3)`: x, y and how sure, in one picture."""

_SURE = 0.5
"""From so much on a joint counts as seen."""


def in_their_places(pictures: Sequence[Poses], joints: int, persons: int) -> Poses:
    """The people of each picture, in any order → `(T, persons, joints, 3)`, everybody in one place throughout.

    Who is nearest to where somebody was last seen is that person; the nearest pair of all goes first. Who is left
    takes a free place, or the one that was empty for longest, and is the largest where there are too few. Places
    without a person are zeros.
    """
    placed = np.zeros((len(pictures), persons, joints, 3), np.float32)
    last = np.full((persons, 2), np.nan)
    missed = np.zeros(persons, int)
    for row, poses in zip(placed, pictures, strict=True):
        people = sorted((pose for pose in poses if (pose[:, 2] >= _SURE).any()), key=_extent, reverse=True)
        centres = np.array([_centre(pose) for pose in people]).reshape(-1, 2)
        missed += 1
        for person, place in _matched(centres, last, missed).items():
            row[place] = people[person]
            last[place], missed[place] = centres[person], 0
    return placed


def _matched(centres: NDArray[np.floating], last: NDArray[np.floating], missed: NDArray[np.integer]) -> dict[int, int]:
    """Which place each person takes; those who find none are left out."""
    distance = np.linalg.norm(centres[:, None] - last[None], axis=2)
    taken: dict[int, int] = {}
    for cell in np.argsort(distance, axis=None, kind="stable"):
        person, place = (int(n) for n in np.unravel_index(cell, distance.shape))
        if np.isfinite(distance[person, place]) and person not in taken and place not in taken.values():
            taken[person] = place
    free = [place for place in np.argsort(-missed, kind="stable") if place not in taken.values()]
    left = [person for person in range(len(centres)) if person not in taken]
    return taken | {person: int(place) for person, place in zip(left, free, strict=False)}


def _seen(pose: Poses) -> Poses:
    """`(K, 2)` x and y of the joints that were seen."""
    seen: Poses = pose[pose[:, 2] >= _SURE, :2]
    return seen


def _centre(pose: Poses) -> NDArray[np.floating]:
    centre: NDArray[np.floating] = _seen(pose).mean(axis=0)
    return centre


def _extent(pose: Poses) -> float:
    return float(np.ptp(_seen(pose), axis=0).sum())
