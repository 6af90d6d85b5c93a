"""Recordings to judge a network by: what each shows, and its pictures when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.listing import Recording
from recognizers.data.track import Pictures, Track
from recognizers.data.video import facts

Read = Callable[[float, int], Pictures]
"""Of a rate in Hz and a length in pixels: pictures `(N, H, W, 3)`, evenly spaced, whose shorter side is so long."""
_SHELF_BYTES = 64 << 20
"""Clips of one recording overlap."""


@dataclass(frozen=True, slots=True, repr=False)
class Footage:
    """A recording, or a piece of one."""

    name: str
    group: str
    """Who or what was recorded."""
    actions: tuple[str, ...]
    """All that goes on in it at some time; nothing: none of the actions."""
    read: Read
    """Raises DataError where the recording cannot be read."""

    def __repr__(self) -> str:
        return f"Footage({self.name} group={self.group} {', '.join(self.actions) or 'nothing'})"


def filmed(recording: Recording, background: str) -> Footage:
    """A recording of a listing."""

    def read(rate_hz: float, side_px: int) -> Pictures:
        cut, shelf = Cut.whole(facts(recording.path), side_px), Shelf(_SHELF_BYTES)
        return FilmPictures(recording.path, rate_hz, cut, shelf, recording.start_s, recording.end_s)

    actions = tuple(sorted(recording.labels - {background}))
    return Footage(recording.name, recording.group, actions, read)


def pieces(track: Track, labels: tuple[str, ...], background: str, shortest_s: float) -> Iterator[Footage]:
    """Every run of one label in a track, where it lasts so long. The track's pictures must be of the size that will be
    asked for; of another rate, the nearest are taken."""
    borders = [0, *(np.flatnonzero(np.diff(track.labels)) + 1).tolist(), len(track.labels)]
    for start, end in pairwise(borders):
        if (end - start) / track.rate_hz >= shortest_s:
            label = labels[int(track.labels[start])]
            actions = () if label == background else (label,)
            yield Footage(
                f"{track.name} from {start / track.rate_hz:.2f} s", track.group, actions, _of(track, start, end)
            )


def _of(track: Track, start: int, end: int) -> Read:
    def read(rate_hz: float, side_px: int) -> Pictures:
        if min(track.pictures.shape[1:3]) != side_px:
            raise ValueError(f"{track!r} was not kept at {side_px} pixels")
        positions = np.rint(np.arange(start, end, track.rate_hz / rate_hz)).astype(np.intp)
        return track.pictures[np.minimum(positions, end - 1)]

    return read
