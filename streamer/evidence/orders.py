"""What is to be kept of an event, and how it becomes a file. Everything here runs in the thread of the evidence."""

from __future__ import annotations

import json
from dataclasses import dataclass

from streamer.event import ActionEvent
from streamer.evidence.rules import Shown
from streamer.media.mp4 import mp4
from streamer.media.packets import Excerpt
from streamer.wire import timestamp


@dataclass(frozen=True, slots=True, repr=False)
class ClipOrder:
    """A film of some seconds."""

    event: Shown
    excerpt: Excerpt
    captured_at: float
    """Unix seconds of its first picture."""
    wanted: tuple[float, float]
    """Unix seconds from when to when were asked for."""

    @property
    def name(self) -> str:
        return f"{self.event.event_id}.mp4"

    @property
    def span(self) -> tuple[float, float]:
        """Unix seconds of its first and last picture."""
        unit_s = float(self.excerpt.coding.time_base)
        shown = [picture.pts for picture in self.excerpt.pictures]
        return self.captured_at, self.captured_at + (max(shown) - shown[0]) * unit_s

    @property
    def size(self) -> int:
        """Bytes of coded pictures."""
        return sum(len(picture.data) for picture in self.excerpt.pictures)

    def content(self) -> bytes:
        """The file.

        Raises:
            ClipUnwritable: no MP4 holds such pictures.
        """
        return mp4(self.excerpt, comment=json.dumps(about(self)))


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
