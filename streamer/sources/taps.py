"""What a decode thread hands out besides frames: coded pictures to who keeps them, large ones to who looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from streamer.media.packets import PacketTap
from streamer.media.planes import Planes


class ViewTap(Protocol):
    """Asked by a decode thread about every picture, so it never blocks and never raises."""

    def due(self, media_s: float) -> Sequence[int]:
        """The widths at which the picture of this moment is to be shown; none while nobody looks."""
        ...

    def show(self, width: int, media_s: float, planes: Planes) -> None:
        """The picture, at most as wide as it was asked for under `width`."""
        ...


@dataclass(frozen=True, slots=True)
class Taps:
    """Of one stream."""

    packets: PacketTap | None = None
    """None: nobody keeps what comes."""
    view: ViewTap | None = None
    """None: nobody can look."""


NO_TAPS = Taps()


def no_taps(stream: str) -> Taps:
    """Of no stream."""
    return NO_TAPS
