"""Clips of films with people in boxes: what each of them does in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import ClipSpec
from recognizers.data.actors import ActorTrack, KeyedTrack, Moment
from recognizers.data.track import window_label
from recognizers.data.windows import window_positions


class ActorWindow(Protocol):
    """A clip, by the positions of its pictures, with everybody in it."""

    @property
    def track(self) -> ActorTrack | KeyedTrack: ...

    @property
    def pictures(self) -> NDArray[np.uint8]:
        """`(T, H, W, 3)`. Raises DataError where they cannot be read."""
        ...

    @property
    def boxes(self) -> NDArray[np.float32]:
        """`(P, 4)` where everybody is in the middle of the clip, as the live recognizer asks."""
        ...

    def truth(self, classes: int) -> NDArray[np.float32]:
        """`(P, C)`: 1 for each label that is true of a person."""
        ...

    def clear(self, classes: int, share: float) -> NDArray[np.bool_]:
        """`(P,)` of whom it can be said what they do: at least a share of the newer half of the clip is one action."""
        ...

    def played(self, step: float) -> ActorWindow:
        """The same clip with pictures so many positions apart."""
        ...

    def repeating(self, late: list[int]) -> ActorWindow:
        """The same clip, in which some pictures show the one before, as where a camera lost some."""
        ...


@dataclass(frozen=True, slots=True)
class TrackWindow:
    """A clip of a track in which everybody has a label in every picture."""

    track: ActorTrack
    positions: NDArray[np.intp]

    @property
    def pictures(self) -> NDArray[np.uint8]:
        return self.track.pictures[self.positions]

    @property
    def boxes(self) -> NDArray[np.float32]:
        boxes: NDArray[np.float32] = self.track.boxes[self.positions[len(self.positions) // 2]]
        return boxes

    def truth(self, classes: int) -> NDArray[np.float32]:
        labels = [label for label, _ in self._labels(classes)]
        return np.eye(classes, dtype=np.float32)[labels]

    def clear(self, classes: int, share: float) -> NDArray[np.bool_]:
        return np.array([own >= share for _, own in self._labels(classes)])

    def played(self, step: float) -> TrackWindow:
        positions = window_positions(int(self.positions[-1]), len(self.positions), step)
        return replace(self, positions=np.maximum(positions, 0))

    def repeating(self, late: list[int]) -> TrackWindow:
        return replace(self, positions=_repeated(self.positions, late))

    def _labels(self, classes: int) -> list[tuple[int, float]]:
        """Of each person; see `window_label`."""
        return [window_label(each, classes) for each in self.track.labels[self.positions].T]


@dataclass(frozen=True, slots=True)
class MomentWindow:
    """A clip around a moment in which it is known what everybody does; beyond the ends of the film stands its first or
    last picture, as AVA's clips are cut."""

    track: KeyedTrack
    positions: NDArray[np.intp]
    moment: Moment

    @property
    def pictures(self) -> NDArray[np.uint8]:
        return self.track.pictures[self.positions]

    @property
    def boxes(self) -> NDArray[np.float32]:
        return self.moment.boxes

    def truth(self, classes: int) -> NDArray[np.float32]:
        return self.moment.truth[:, :classes]

    def clear(self, classes: int, share: float) -> NDArray[np.bool_]:
        return np.ones(len(self.moment.boxes), bool)

    def played(self, step: float) -> MomentWindow:
        return replace(self, positions=_around(self.track, self.moment, len(self.positions), step))

    def repeating(self, late: list[int]) -> MomentWindow:
        return replace(self, positions=_repeated(self.positions, late))


def actor_windows(track: ActorTrack | KeyedTrack, spec: ClipSpec, rate_hz: float) -> Iterator[ActorWindow]:
    """All clips of a track: around its moments; or evenly spaced, `rate_hz` of them a second."""
    step = spec.interval_s * track.rate_hz
    if isinstance(track, KeyedTrack):
        for moment in track.moments:
            yield MomentWindow(track, _around(track, moment, spec.frames, step), moment)
        return
    back = window_positions(0, spec.frames, step)
    for end in range(int(-back[0]), len(track.pictures), max(1, round(track.rate_hz / rate_hz))):
        yield TrackWindow(track, end + back)


def _around(track: KeyedTrack, moment: Moment, frames: int, step: float) -> NDArray[np.intp]:
    """The picture in the middle, at T // 2, is the moment's."""
    positions = np.rint(moment.position + (np.arange(frames) - frames // 2) * step).astype(np.intp)
    inside: NDArray[np.intp] = np.clip(positions, 0, len(track.pictures) - 1)
    return inside


def _repeated(positions: NDArray[np.intp], late: list[int]) -> NDArray[np.intp]:
    repeated = positions.copy()
    for place in late:
        repeated[place] = repeated[max(place - 1, 0)]
    return repeated
