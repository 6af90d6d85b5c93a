"""What is to be kept of an event, and how it becomes a file. Files are made in the thread of the evidence."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from recognizers.clip import Picture, Region
from streamer.errors import ClipUnwritable, NotKept
from streamer.event import ActionEvent
from streamer.evidence.drawing import drawn
from streamer.evidence.privacy import Redactor
from streamer.evidence.rules import Shown
from streamer.media.decoding import Shown as Seen
from streamer.media.decoding import decoded
from streamer.media.film import filmed
from streamer.media.jpeg import jpeg
from streamer.media.mp4 import mp4
from streamer.media.packets import Excerpt
from streamer.wire import timestamp

AS_THEY_CAME = ("h264", "hevc")
"""Codings that browsers play. Of others a film is coded anew."""


Leaving = Callable[[], bool]
"""Whether there is no time left."""


class Order(Protocol):
    """One file."""

    @property
    def event(self) -> Shown: ...

    @property
    def kind(self) -> str:
        """`clip` or `snapshot`."""
        ...

    @property
    def redactor(self) -> Redactor: ...

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """Bytes of pictures that it holds on to."""
        ...

    def content(self, leaving: Leaving) -> bytes:
        """The file, of which everything that must not be seen is hidden.

        Raises:
            NotKept: there is no time left.
            ClipUnwritable: it cannot be made of these pictures.
        """
        ...


@dataclass(frozen=True, slots=True, repr=False)
class ClipOrder:
    """A film of some seconds."""

    event: Shown
    excerpt: Excerpt
    captured_at: float
    """Unix seconds of its first picture."""
    wanted: tuple[float, float]
    """Unix seconds from when to when were asked for."""
    redactor: Redactor
    kind: Literal["clip"] = "clip"

    @property
    def name(self) -> str:
        return f"{self.event.event_id}.mp4"

    @property
    def size(self) -> int:
        return sum(len(picture.data) for picture in self.excerpt.pictures)

    @property
    def span(self) -> tuple[float, float]:
        """Unix seconds of its first and last picture."""
        unit_s = float(self.excerpt.coding.time_base)
        shown = [picture.pts for picture in self.excerpt.pictures]
        return self.captured_at, self.captured_at + (max(shown) - shown[0]) * unit_s

    def content(self, leaving: Leaving) -> bytes:
        said = json.dumps(about(self))
        if self.excerpt.coding.codec in AS_THEY_CAME and not self.redactor.privacy.hides:
            return mp4(self.excerpt, said)
        shown = self.redactor.film(while_there_is_time(decoded(self.excerpt), leaving))
        return filmed(map(_even, shown), len(self.excerpt.pictures), said)


def _even(one: Seen) -> Seen:
    """A side of odd length, of which H.264 knows none, loses its last pixel."""
    at_s, picture = one
    height, width = (side & ~1 for side in picture.shape[:2])
    return at_s, np.ascontiguousarray(picture[:height, :width])


def while_there_is_time(shown: Iterator[Seen], leaving: Leaving) -> Iterator[Seen]:
    """The same pictures, until there is none.

    Raises:
        NotKept: there is no time left.
    """
    for one in shown:
        if leaving():
            raise NotKept("the service ends before its pictures are coded")
        yield one


def about(order: ClipOrder) -> dict[str, object]:
    """What a clip says of itself: what it shows and exactly when, and whether that is all that was asked for."""
    event, (start_at, end_at) = order.event, order.span
    what = event.action if isinstance(event, ActionEvent) else f"{event.step} {event.verdict}"
    start, end = order.wanted
    return {
        "event_id": str(event.event_id),
        "stream": event.stream,
        "watch": event.watch,
        "what": what,
        "event_at": timestamp(event.at),
        "start_at": timestamp(start_at),
        "end_at": timestamp(end_at),
        # The last picture is still shown when what was asked for is over, for as long as slow cameras show one.
        "complete": start_at <= start + 0.001 and end_at >= end - 0.5,
    }


@dataclass(frozen=True, slots=True, repr=False)
class SnapshotOrder:
    """The newest picture of the clip by which an event was decided, with what is to be seen there drawn on it."""

    event: Shown
    region: Region
    seen: Excerpt | Picture
    """Its last picture is the one, at the camera's size; or the picture, at analysis size."""
    redactor: Redactor
    kind: Literal["snapshot"] = "snapshot"

    @property
    def name(self) -> str:
        return f"{self.event.event_id}.jpg"

    @property
    def size(self) -> int:
        if isinstance(self.seen, Excerpt):
            return sum(len(picture.data) for picture in self.seen.pictures)
        return self.seen.nbytes

    def content(self, leaving: Leaving) -> bytes:
        return jpeg(drawn(self.redactor.still(self._picture(leaving)), self.event, self.region))

    def _picture(self, leaving: Leaving) -> Picture:
        if not isinstance(self.seen, Excerpt):
            return self.seen
        newest = deque(while_there_is_time(decoded(self.seen), leaving), maxlen=1)
        if not newest:
            raise ClipUnwritable("none of the pictures can be decoded")
        return newest[0][1]
