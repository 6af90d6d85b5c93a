"""Clips cut from tracks: random ones to train on, evenly spaced ones to judge by."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import ClipSpec
from recognizers.data.track import Track, window_label

Batch = tuple[NDArray[np.uint8], NDArray[np.int64]]
"""Pictures `(N, T, S, S, 3)` and labels `(N,)`."""

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
        classes = len(often)
        self._ends = [_ends_by_label(tracks, label, classes, spec.frames, spec.interval_s) for label in range(classes)]
        chance = np.array(often) * [len(ends) > 0 for ends in self._ends]
        self._chance = chance / chance.sum()

    @property
    def missing(self) -> list[int]:
        """Labels that no track shows."""
        return [label for label, ends in enumerate(self._ends) if len(ends) == 0]

    def batch(self, size: int, rng: np.random.Generator) -> Batch:
        labels = rng.choice(len(self._ends), size, p=self._chance)
        return np.stack([self._clip(int(label), rng) for label in labels]), labels.astype(np.int64)

    def _clip(self, label: int, rng: np.random.Generator) -> NDArray[np.uint8]:
        if label == self._background and self._jitter.still > 0 and rng.random() < self._jitter.still:
            return self._still(rng)
        number, end = self._ends[label][rng.integers(len(self._ends[label]))]
        pictures = self._pictures(self._tracks[number], int(end), rng)
        if rng.random() < self._jitter.splice:
            older = self._any(rng)
            kept = int(rng.integers(1, self._frames // 2 + 1))
            pictures[:kept] = self._pictures(older, int(rng.integers(len(older.pictures))), rng)[-kept:]
        return pictures

    def _still(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """One picture, standing still; in half of the clips something small moves through it."""
        track = self._any(rng)
        clip = np.repeat(track.pictures[rng.integers(len(track.pictures))][None], self._frames, axis=0)
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
    step = interval_s * track.rate_hz
    back = np.rint(np.arange(frames - 1, -1, -1) * step).astype(int)
    for end in range(int(back[0]), len(track.pictures), max(1, round(hop_s * track.rate_hz))):
        label, share = window_label(track.labels[end - back], classes)
        if share >= clear:
            yield track.pictures[end - back], label


def _ends_by_label(
    tracks: Sequence[Track], label: int, classes: int, frames: int, interval_s: float
) -> NDArray[np.int64]:
    """`(K, 2)` number of the track and position of the newest picture of every clip of a label."""
    found = []
    for number, track in enumerate(tracks):
        back = np.rint(np.arange(frames - 1, -1, -1) * interval_s * track.rate_hz).astype(int)
        # Short recordings are seen as the live buffer would at their beginning: nothing before the first picture.
        first = min(int(back[0]), len(track.pictures) - 1)
        for end in range(first, len(track.pictures)):
            if window_label(track.labels[np.maximum(end - back, 0)], classes)[0] == label:
                found.append((number, end))
    return np.array(found, np.int64).reshape(-1, 2)
