"""Clips cut from tracks: random ones to train on, evenly spaced ones to judge by."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import ClipSpec
from recognizers.data.track import Track, window_label
from recognizers.errors import DataError

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Pictures `(N, T, S, S, 3)` and labels `(N,)`."""

_log = logging.getLogger(__name__)

Drawn = TypeVar("Drawn")

_TRIES = 20
_SMALLER = (4, 8)
"""Something small is a recording at a quarter to an eighth of its size."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """How training clips differ from what was recorded, as live clips do."""

    speed: float = 0.15
    """Clips are played at 1 - speed to 1 + speed."""
    crop: float = 0.0
    """Skeletons show from 1 - crop of their action up to all of it."""
    repeat: float = 0.08
    """Share of pictures that repeat the one before, as when a camera loses some."""
    splice: float = 0.0
    """Share of clips whose older pictures come from another track, as when a scene is cut."""
    still: float = 0.0
    """Share of background clips that are one picture of any track, standing still: a picture alone is no action.
    Through half of them moves something small: that somebody moves somewhere is no action either."""


class TrainingWindows:
    """Random clips, each label as often as is asked for, however much of it was recorded."""

    def __init__(
        self,
        tracks: Sequence[Track],
        often: Sequence[float],
        background: int,
        spec: ClipSpec,
        jitter: Jitter,
    ) -> None:
        """`often`: one number a label, relative to each other; `background`: the label that is no action."""
        self._tracks = tracks
        self._background = background
        self._frames = spec.frames
        self._interval_s = spec.interval_s
        self._jitter = jitter
        self._ends = _ends_by_label(tracks, len(often), spec)
        self._unreadable: dict[str, None] = {}
        chance = np.array(often) * [len(ends) > 0 for ends in self._ends]
        self._chance = chance / chance.sum()

    @property
    def missing(self) -> list[int]:
        """Labels that no track shows."""
        return [label for label, ends in enumerate(self._ends) if len(ends) == 0]

    @property
    def unreadable(self) -> tuple[str, ...]:
        """Why each recording could not be read that was found so; others of its label were shown instead."""
        return tuple(self._unreadable)

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        labels = rng.choice(len(self._ends), size, p=self._chance)
        return np.stack([self._clip(int(label), rng) for label in labels]), labels.astype(np.int64)

    def _clip(self, label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        if label == self._background and self._jitter.still > 0 and rng.random() < self._jitter.still:
            return drawn_until_readable(lambda: self._still(rng), self._unreadable)
        pictures = drawn_until_readable(lambda: self._drawn(label, rng), self._unreadable)
        if rng.random() < self._jitter.splice:
            older = drawn_until_readable(lambda: self._older(rng), self._unreadable)
            pictures[: len(older)] = older
        return pictures

    def _drawn(self, label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        ends = self._ends[label]
        number, end = ends.at(int(rng.integers(len(ends))))
        return self._pictures(self._tracks[number], end, rng)

    def _older(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The last pictures of another clip, at most half as many as a clip has."""
        older = self._any(rng)
        kept = int(rng.integers(1, self._frames // 2 + 1))
        return self._pictures(older, int(rng.integers(len(older.pictures))), rng)[-kept:]

    def _still(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """One picture, standing still; in half of the clips something small moves through it."""
        track = self._any(rng)
        shown = np.array([rng.integers(len(track.pictures))], np.intp)
        clip = np.repeat(track.pictures[shown], self._frames, axis=0)
        if rng.random() < 0.5:
            mover = self._any(rng)
            smaller = int(rng.integers(_SMALLER[0], _SMALLER[1] + 1))
            moving = self._pictures(mover, int(rng.integers(len(mover.pictures))), rng)[:, ::smaller, ::smaller]
            room = clip.shape[1] - moving.shape[1]
            path = np.linspace(rng.integers(0, room + 1, 2), rng.integers(0, room + 1, 2), self._frames).astype(int)
            for picture, small, (top, left) in zip(clip, moving, path, strict=True):
                picture[top : top + len(small), left : left + len(small)] = small
        return clip

    def _any(self, rng: np.random.Generator) -> Track:
        return self._tracks[int(rng.integers(len(self._tracks)))]

    def _pictures(self, track: Track, end: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        speed = 1 + rng.uniform(-self._jitter.speed, self._jitter.speed)
        back = np.arange(self._frames - 1, -1, -1) * self._interval_s * track.rate_hz * speed
        positions = np.clip(np.rint(end - back), 0, len(track.pictures) - 1).astype(int)
        for late in np.flatnonzero(rng.random(self._frames) < self._jitter.repeat):
            positions[late] = positions[max(late - 1, 0)]
        cut: NDArray[np.uint8] = track.pictures[positions]
        return cut


def drawn_until_readable(draw: Callable[[], Drawn], unreadable: dict[str, None]) -> Drawn:
    """What is drawn; drawn again where a video cannot be read, which is named once, and added to those that could not.

    Always from all recordings, also from those that were found unreadable before: a training that goes on after a kill
    draws what it would have drawn.

    Raises:
        DataError: many in a row cannot be read.
    """
    why = ""
    for _ in range(_TRIES):
        try:
            return draw()
        except DataError as error:
            why = str(error)
            if why not in unreadable:
                unreadable[why] = None
                _log.warning("%s; another recording is shown instead (%d so far)", why, len(unreadable))
    raise DataError(f"{_TRIES} recordings in a row could not be read, the last: {why}")


def window_positions(end: int, frames: int, step: float) -> NDArray[np.intp]:
    """Positions of a clip's pictures, the newest at `end`, `step` apart."""
    positions: NDArray[np.intp] = np.rint(end - np.arange(frames - 1, -1, -1) * step).astype(np.intp)
    return positions


def even_windows(
    track: Track, classes: int, frames: int, interval_s: float, hop_s: float, clear: float
) -> Iterator[tuple[NDArray[np.uint8], int]]:
    """Clips of a track as the live service cuts them: pictures `(T, S, S, 3)` and label.

    Left out are those whose second half is not at least `clear` one action: nobody could say what they show.
    """
    for positions, label in even_positions(track, classes, frames, interval_s, hop_s, clear):
        yield track.pictures[positions], label


def even_positions(
    track: Track, classes: int, frames: int, interval_s: float, hop_s: float, clear: float
) -> Iterator[tuple[NDArray[np.intp], int]]:
    """Where the pictures of `even_windows` are, with the label of each clip; no picture is read for it."""
    step = interval_s * track.rate_hz
    back = np.rint(np.arange(frames - 1, -1, -1) * step).astype(np.intp)
    for end in range(int(back[0]), len(track.pictures), max(1, round(hop_s * track.rate_hz))):
        label, share = window_label(track.labels[end - back], classes)
        if share >= clear:
            yield end - back, label


class _Ends:
    """Where clips of a label end, as stretches of tracks: large sets hold many millions of them."""

    def __init__(self) -> None:
        self._stretches: list[tuple[int, int]] = []
        """Number of the track, position of the newest picture of the first of the clips in a row."""
        self._before = [0]
        """Clips before each stretch, and of all together."""

    def __len__(self) -> int:
        return self._before[-1]

    def add(self, track: int, first: int, count: int) -> None:
        self._stretches.append((track, first))
        self._before.append(self._before[-1] + count)

    def at(self, number: int) -> tuple[int, int]:
        """Number of the track and position of the newest picture of a clip."""
        stretch = bisect_right(self._before, number) - 1
        track, first = self._stretches[stretch]
        return track, first + number - self._before[stretch]


def _ends_by_label(tracks: Sequence[Track], classes: int, spec: ClipSpec) -> list[_Ends]:
    """Of every label, the clips whose label it is."""
    found = [_Ends() for _ in range(classes)]
    for number, track in enumerate(tracks):
        back = np.rint(np.arange(spec.frames - 1, -1, -1) * spec.interval_s * track.rate_hz).astype(int)
        # Short recordings are seen as the live buffer would at their beginning: nothing before the first picture.
        first = min(int(back[0]), len(track.labels) - 1)
        labels = _window_labels(track.labels, first, back)
        starts = np.flatnonzero(np.diff(labels, prepend=-1))
        for start, end in zip(starts, (*starts[1:], len(labels)), strict=True):
            found[int(labels[start])].add(number, first + int(start), int(end - start))
    return found


def _window_labels(labels: NDArray[np.int64], first: int, back: NDArray[np.int_]) -> NDArray[np.int64]:
    """`window_label` of the clips that end at `first` and at each later picture."""
    shown = np.unique(labels) if labels.strides != (0,) else labels[:1]
    if len(shown) == 1:
        return np.broadcast_to(shown, (len(labels) - first,))
    newer = back[len(back) // 2 :]
    ends = np.arange(first, len(labels))
    own = labels[np.maximum(ends[:, None] - newer, 0)]
    count = np.stack([(own == label).sum(axis=1) for label in shown])
    best: NDArray[np.int64] = shown[count.argmax(axis=0)]
    return best
