"""What must not be seen in pictures that are kept: masks are black; people or surroundings are blocks of colour."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture, Region
from recognizers.errors import DeviceFailed
from recognizers.estimators.base import ActorDetector
from streamer.media.decoding import Shown

_log = logging.getLogger(__name__)

Polygon = tuple[tuple[float, float], ...]
"""Corners (x, y) in fractions of the picture."""
Box = tuple[float, float, float, float]
"""Left, top, right, bottom, likewise."""
LOOK_S = 0.2
"""People are looked for so often; until the next look they are hidden where the looks around it saw them."""
STALE_S = 1.0
"""So long after it a look says nothing any more."""
MOST_HELD = 8
"""Pictures from one look to the next, at most: they are held in memory meanwhile."""
MOST_SIZES = 4
"""Of pictures whose masks are remembered: whoever looks at a camera, at another width, changes none."""
GROWN = 0.15
"""Of its sides, by which what is hidden is larger than a person that was found."""
PERSON_BLOCKS = 8
"""Along the longer side of a person: a face is one or two of them."""
PICTURE_BLOCKS = 16
"""Along the shorter side of a picture, where all of it is hidden."""
_WHOLE: Box = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Privacy:
    """Of one stream."""

    masks: tuple[Polygon, ...] = ()
    blur: Literal["none", "people", "surroundings"] = "none"
    regions: tuple[Region, ...] = ()
    """What its watches look at: all that `surroundings` leaves as it is."""

    @property
    def hides(self) -> bool:
        return bool(self.masks) or self.blur != "none"


class Redactor:
    """Hides what a stream's privacy says. What it gives may be kept; a picture given to it is never changed."""

    def __init__(self, privacy: Privacy, detector: ActorDetector | None = None) -> None:
        """`detector`: finds people, where they are to be hidden."""
        self.privacy, self._detector = privacy, detector
        self._masks: dict[tuple[int, int], NDArray[np.bool_]] = {}
        """By height and width."""
        self._before: tuple[float, list[Box] | None] = (-math.inf, [])
        """The look before, of pictures that move, and its second."""

    def still(self, picture: Picture) -> Picture:
        """A picture by itself."""
        return self._hidden(picture, [self._people(picture)])

    def moving(self, at_s: float, picture: Picture) -> Picture:
        """The next of pictures that cannot be held back: people are hidden where they are seen, and where they were
        seen in the one before."""
        before_s, before = self._before
        self._before = (at_s, self._people(picture))
        looks = [self._before[1], before] if abs(at_s - before_s) <= STALE_S else [self._before[1]]
        return self._hidden(picture, looks)

    def film(self, shown: Iterable[Shown]) -> Iterator[Shown]:
        """Pictures one after the other, at their seconds; those from one look for people to the next are held back."""
        held: list[Shown] = []
        looks: list[list[Box] | None] = []
        for at_s, picture in shown:
            if not held or at_s - held[0][0] >= LOOK_S or len(held) >= MOST_HELD:
                looks.append(self._people(picture))
                yield from ((earlier_s, self._hidden(earlier, looks[-3:])) for earlier_s, earlier in held)
                held, looks = [], looks[-2:]
            held.append((at_s, picture))
        yield from ((earlier_s, self._hidden(earlier, looks)) for earlier_s, earlier in held)

    def _people(self, picture: Picture) -> list[Box] | None:
        """Where people are; None where nobody can say."""
        if self.privacy.blur != "people":
            return []
        if self._detector is None:
            return None
        try:
            return [tuple(map(float, box)) for box in self._detector.actors(picture).boxes]  # type: ignore[misc]
        except DeviceFailed as error:
            _log.warning("people cannot be looked for, so that all of the picture is hidden: %s", error)
            return None

    def _hidden(self, picture: Picture, looks: Sequence[list[Box] | None]) -> Picture:
        made, least = picture.copy(), min(picture.shape[:2]) // PICTURE_BLOCKS
        if self.privacy.blur == "surroundings" or None in looks:
            _block(made, picture, _WHOLE, least)
        else:
            for box in [box for look in looks for box in look or ()]:
                _block(made, picture, _grown(box), least // 4)
        if self.privacy.blur == "surroundings":
            for region in self.privacy.regions:
                rows, columns = _pixels(astuple(region), picture)
                made[rows, columns] = picture[rows, columns]
        if self.privacy.masks:
            made[self._mask(*picture.shape[:2])] = 0
        return made

    def _mask(self, height: int, width: int) -> NDArray[np.bool_]:
        if (height, width) not in self._masks:
            mask = np.zeros((height, width), np.bool_)
            for polygon in self.privacy.masks:
                mask |= covered(polygon, height, width)
            kept = list(self._masks.items())[1 - MOST_SIZES :]
            self._masks = {**dict(kept), (height, width): mask}
        return self._masks[height, width]


def covered(polygon: Polygon, height: int, width: int) -> NDArray[np.bool_]:
    """`(height, width)` pixels that a polygon touches, and those around them: a mask is never too small."""
    y, x = (np.mgrid[:height, :width] + 0.5) / np.array([height, width]).reshape(2, 1, 1)
    inside = np.zeros((height, width), np.bool_)
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if abs(y1 - y2) > 1e-9:  # a ray to the right may cross this side
            inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        along = np.linspace(0, 1, 2 * max(height, width))  # a tip may hold no pixel's centre
        rows, columns = (y1 + along * (y2 - y1)) * height, (x1 + along * (x2 - x1)) * width
        inside[np.minimum(rows.astype(int), height - 1), np.minimum(columns.astype(int), width - 1)] = True
    wide, grown = np.pad(inside, 2), inside.copy()
    for dy, dx in np.ndindex(5, 5):
        grown |= wide[dy : dy + height, dx : dx + width]
    return grown


def _grown(box: Box) -> Box:
    left, top, right, bottom = box
    x, y = GROWN * (right - left), GROWN * (bottom - top)
    return max(0.0, left - x), max(0.0, top - y), min(1.0, right + x), min(1.0, bottom + y)


def _pixels(box: Sequence[float], picture: Picture) -> tuple[slice, slice]:
    height, width = picture.shape[:2]
    rows = slice(math.floor(box[1] * height), math.ceil(box[3] * height))
    return rows, slice(math.floor(box[0] * width), math.ceil(box[2] * width))


def _block(made: Picture, picture: Picture, box: Box, least: int) -> None:
    """Replace a box by blocks of its mean colours: `PERSON_BLOCKS` along its longer side, none smaller than `least`."""
    rows, columns = _pixels(box, picture)
    part = picture[rows, columns]
    if not part.size:
        return
    size = max(2, least, math.ceil(max(part.shape[:2]) / PERSON_BLOCKS) if box != _WHOLE else 0)
    starts = [np.arange(0, side, size) for side in part.shape[:2]]
    counts = [np.diff(np.append(start, side)) for start, side in zip(starts, part.shape[:2], strict=True)]
    # Column sums of rows first: exact, and an integer sum of a byte picture is fast along its rows.
    sums = np.add.reduceat(np.add.reduceat(part, starts[0], axis=0, dtype=np.uint32), starts[1], axis=1)
    means = (sums // (counts[0][:, None] * counts[1][None, :])[:, :, None]).astype(np.uint8)
    made[rows, columns] = means.repeat(counts[0], axis=0).repeat(counts[1], axis=1)
