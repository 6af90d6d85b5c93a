"""What is drawn on a snapshot: where the watch looks, who does it, what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recognizers.clip import Picture, Region
from streamer.event import ActionEvent
from streamer.evidence.lettering import HEIGHT, written
from streamer.evidence.rules import Shown
from streamer.wire import timestamp

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in fractions of the picture."""
_REGION, _ACTOR, _TEXT, _GROUND = (255, 200, 0), (0, 220, 120), (255, 255, 255), (0, 0, 0)
_LETTERS = 60
"""Of a line across the picture, at most; a longer one is cut off."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn on a picture."""

    lines: tuple[str, ...]
    region: Box
    actor: Box | None = None


def drawing_of(event: Shown, region: Region) -> Drawing:
    """What happened, where and when; where the watch looks, and who does it."""
    where = f"{event.stream}/{event.watch}  {timestamp(event.at)}"
    box: Box = (region.left, region.top, region.right, region.bottom)
    if isinstance(event, ActionEvent):
        what = f"{event.action} {event.phase} {event.score:.0%}"
        return Drawing((what, where), box, None if event.actor is None else event.actor.box)
    return Drawing((f"{event.step}: {event.verdict}", where), box)


def drawn(picture: Picture, drawing: Drawing) -> Picture:
    """A copy of the picture with the region, the actor's box where there is one, and lines of text at the top."""
    made = picture.copy()
    thick = max(1, min(picture.shape[:2]) // 240)
    _outline(made, drawing.region, thick, _REGION)
    if drawing.actor is not None:
        _outline(made, drawing.actor, 2 * thick, _ACTOR)
    scale = max(1, picture.shape[1] // (6 * _LETTERS))
    for number, line in enumerate(drawing.lines):
        _write(made, line, number * (HEIGHT + 4) * scale, scale)
    return made


def _outline(picture: Picture, box: Box, thick: int, colour: tuple[int, int, int]) -> None:
    height, width = picture.shape[:2]
    left, right = (round(side * width) for side in (box[0], box[2]))
    top, bottom = (round(side * height) for side in (box[1], box[3]))
    inner = np.zeros(picture.shape[:2], np.bool_)
    inner[top:bottom, left:right] = True
    inner[top + thick : max(top + thick, bottom - thick), left + thick : max(left + thick, right - thick)] = False
    picture[inner] = colour


def _write(picture: Picture, line: str, top: int, scale: int) -> None:
    """White on black, whatever is behind it."""
    points = np.pad(written(line), ((2, 2), (2, 2))).repeat(scale, 0).repeat(scale, 1)
    place = picture[top : top + points.shape[0], : points.shape[1]]
    seen = points[: place.shape[0], : place.shape[1]]
    place[:] = _GROUND
    place[seen] = _TEXT
