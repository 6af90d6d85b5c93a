"""What is to be kept of an event, and how it becomes a file. Files are made in the thread of the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal, Protocol

from recognizers.clip import Picture, Region
from streamer.event import ActionEvent
from streamer.evidence.developing import Developer
from streamer.evidence.drawing import drawing_of
from streamer.evidence.privacy import Privacy
from streamer.evidence.rules import Shown
from streamer.media.decoding import coded_of
from streamer.media.mp4 import mp4
from streamer.media.packets import Excerpt
from streamer.wire import timestamp

AS_THEY_CAME = ("h264", "hevc")
"""Codings that browsers play. Of others, and of peers that may change their pictures' size, a film is coded anew."""


class Order(Protocol):
    """One file."""

    @property
    def event(self) -> Shown: ...

    @property
    def kind(self) -> str:
        """`clip` or `snapshot`."""
        ...

    @property
    def privacy(self) -> Privacy: ...

    @property
    def name(self) -> str: ...

    @property
    def size(self) -> int:
        """Bytes of pictures that it holds on to."""
        ...

    def content(self, developer: Developer) -> bytes:
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
    privacy: Privacy
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

    def content(self, developer: Developer) -> bytes:
        said = json.dumps(about(self))
        coding = self.excerpt.coding
        if coding.codec in AS_THEY_CAME and coding.template is not None and not self.privacy.hides:
            return mp4(self.excerpt, said)
        return developer.film(coded_of(self.excerpt), self.privacy, said)


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
    privacy: Privacy
    kind: Literal["snapshot"] = "snapshot"

    @property
    def name(self) -> str:
        return f"{self.event.event_id}.jpg"

    @property
    def size(self) -> int:
        if isinstance(self.seen, Excerpt):
            return sum(len(picture.data) for picture in self.seen.pictures)
        return self.seen.nbytes

    def content(self, developer: Developer) -> bytes:
        seen = coded_of(self.seen) if isinstance(self.seen, Excerpt) else self.seen
        return developer.snapshot(seen, self.privacy, drawing_of(self.event, self.region))
