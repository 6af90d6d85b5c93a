"""Who is who from clip to clip: boxes become people with ids that last. Pure.

Somebody is expected where their steady movement leads, and is whoever is found most like it (overlap and nearness,
DIoU of Zheng et al., AAAI 2020); the likest pair of all goes first. There is no model of noise: boxes come a few times
a second, and people between two of them go far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recognizers.estimators.boxes import overlaps

Boxes = NDArray[np.floating]
"""`(K, 4)` xyxy in fractions of the picture."""

_LEARNED = 0.5
"""Share of a new speed in the one that is expected: boxes tremble."""


@dataclass(frozen=True, slots=True)
class TrackerRule:
    """When boxes are the same person. All times are media seconds."""

    max_age_s: float = 2.0
    """Somebody who is not seen for longer has left; who comes later is somebody new."""
    sightings: int = 2
    """In a row before somebody counts: a box that is there once is nobody."""
    least_like: float = -0.3
    """DIoU below which two boxes are not the same person: about two of their widths apart, if they do not overlap."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What one look at the boxes says."""

    ids: tuple[int | None, ...]
    """Of each box; `None` as long as it may be nobody."""
    left: tuple[int, ...]
    """Who has left since the look before."""


@dataclass(slots=True)
class _Track:
    box: NDArray[np.float64]
    seen_at: float
    """Media seconds."""
    id: int | None = None
    sightings: int = 1
    speed: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    """Of the centre, in fractions of the picture a second."""

    def expected(self, at: float) -> NDArray[np.float64]:
        """The box, moved; its centre never leaves the picture."""
        centre = (self.box[:2] + self.box[2:]) / 2
        return self.box + np.tile(np.clip(centre + self.speed * (at - self.seen_at), 0, 1) - centre, 2)

    def see(self, box: NDArray[np.float64], at: float) -> None:
        moved = (box[:2] + box[2:] - self.box[:2] - self.box[2:]) / 2
        speed = moved / (at - self.seen_at)
        self.speed = speed if self.sightings == 1 else self.speed + _LEARNED * (speed - self.speed)
        self.box, self.seen_at, self.sightings = box, at, self.sightings + 1


class ActorTracker:
    """The people of one watch in one epoch; make a new one for the next epoch. Ids count from 1 and are never used
    twice."""

    def __init__(self, rule: TrackerRule | None = None) -> None:
        self._rule = rule or TrackerRule()
        self._tracks: list[_Track] = []
        self._named = 0

    def follow(self, boxes: Boxes, at: float) -> Followed:
        """Look at the boxes of a moment, in media seconds, later than that of the look before."""
        rule = self._rule
        left = [track.id for track in self._tracks if track.id is not None and at - track.seen_at > rule.max_age_s]
        self._tracks = [track for track in self._tracks if at - track.seen_at <= rule.max_age_s]
        seen: dict[int, _Track] = {}
        for track, place in _pairs(self._tracks, np.asarray(boxes, np.float64), at, rule.least_like):
            track.see(np.asarray(boxes[place], np.float64), at)
            seen[place] = track
        # Who was not seen again before they counted was nobody.
        self._tracks = [track for track in self._tracks if track.id is not None or track.seen_at == at]
        for place in range(len(boxes)):
            if place not in seen:
                seen[place] = _Track(np.asarray(boxes[place], np.float64), at)
                self._tracks.append(seen[place])
        return Followed(tuple(self._name(seen[place]) for place in range(len(boxes))), tuple(left))

    def _name(self, track: _Track) -> int | None:
        if track.id is None and track.sightings >= self._rule.sightings:
            self._named += 1
            track.id = self._named
        return track.id


def _pairs(tracks: Sequence[_Track], boxes: Boxes, at: float, least: float) -> list[tuple[_Track, int]]:
    """Who is in which box; nobody in two, no box with two."""
    if not tracks or not len(boxes):
        return []
    alike = likeness(np.stack([track.expected(at) for track in tracks]), boxes)
    pairs: dict[int, int] = {}
    for cell in np.argsort(-alike, axis=None, kind="stable"):
        track, place = (int(n) for n in np.unravel_index(cell, alike.shape))
        if alike[track, place] < least:
            break
        if track not in pairs and place not in pairs.values():
            pairs[track] = place
    return [(tracks[track], place) for track, place in pairs.items()]


def likeness(some: Boxes, others: Boxes) -> NDArray[np.float64]:
    """`(K, 4)` and `(L, 4)` → `(K, L)` in (-1, 1]: intersection over union, less the square of the distance of the
    centres in diagonals of the box around both."""
    apart = (some[:, None, :2] + some[:, None, 2:] - others[None, :, :2] - others[None, :, 2:]) / 2
    around = np.maximum(some[:, None, 2:], others[None, :, 2:]) - np.minimum(some[:, None, :2], others[None, :, :2])
    far: NDArray[np.float64] = (apart**2).sum(axis=2) / np.maximum((around**2).sum(axis=2), 1e-12)
    return overlaps(some, others) - far
