"""Something to watch whose actions are known."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from recognizers.data.listing import Recording as Listed
from recognizers.data.track import Track
from recognizers.metrics.events import Happening
from streamer.build import recording
from streamer.clock import SystemClock
from streamer.frame import Frame
from streamer.sources.base import Demand
from streamer.sources.libav import LibavSource

STREAM = "trial"


@dataclass(frozen=True, slots=True)
class Recording:
    """Pictures from the beginning to the end, and what they show."""

    name: str
    happened: tuple[Happening, ...]
    """In seconds from the first picture; nothing, where none of the actions is shown."""
    frames: Callable[[Demand, int], AsyncGenerator[Frame, None]]
    """What is shown, for a demand, as an epoch of this number; each call begins anew."""


def film(path: Path) -> Recording:
    """A file that shows none of the actions."""

    def frames(demand: Demand, epoch: int) -> AsyncGenerator[Frame, None]:
        return LibavSource(STREAM, recording(path, 0.0), demand, SystemClock()).frames(epoch)

    return Recording(path.name, (), frames)


def session(recorded: Listed | Track, labels: tuple[str, ...], background: str) -> Recording:
    """What a data set says goes on in a film, or in a track."""
    if isinstance(recorded, Track):
        return shown(recorded, labels, background)
    own = film(recorded.path)
    spans = [span for span in recorded.spans if span.label != background]
    return replace(
        own, name=recorded.name, happened=tuple(Happening(one.label, one.start_s, one.end_s) for one in spans)
    )


def shown(track: Track, labels: tuple[str, ...], background: str) -> Recording:
    """A track of a data set, played at its own rate; `labels`: what its numbers mean."""

    async def frames(demand: Demand, epoch: int) -> AsyncGenerator[Frame, None]:
        for index in range(len(track.pictures)):
            (picture,) = track.pictures[np.array([index])]
            at_s = index / track.rate_hz
            yield Frame(STREAM, epoch, index, at_s, at_s, picture)

    return Recording(track.name, happenings(track, labels, background), frames)


def happenings(track: Track, labels: tuple[str, ...], background: str) -> tuple[Happening, ...]:
    """Each run of pictures that show one action."""
    found, began = [], 0
    for place in range(1, len(track.labels) + 1):
        if place == len(track.labels) or track.labels[place] != track.labels[began]:
            action = labels[int(track.labels[began])]
            if action != background:
                found.append(Happening(action, began / track.rate_hz, place / track.rate_hz))
            began = place
    return tuple(found)
