"""Recordings of several people, each in a box and with an action of their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.data.synthetic import IDLE, LABELS, WorkCell
from recognizers.data.synthetic.cell import ASPECT
from recognizers.data.track import PARTS, Part, Pictures, Sampling, Tick, numbered, squares

SIDES = 2


@dataclass(frozen=True, slots=True, repr=False)
class ActorTrack:
    """Pictures of one recording, evenly spaced in time, with everybody in them."""

    name: str
    group: str
    """Data sets are split by it."""
    rate_hz: float
    pictures: NDArray[np.uint8]
    """`(N, H, W, 3)` RGB."""
    boxes: NDArray[np.float32]
    """`(N, P, 4)` xyxy in fractions of the picture, of each person in each picture."""
    labels: NDArray[np.int64]
    """`(N, P)` the position of what each does among the set's labels."""

    def __repr__(self) -> str:
        return f"ActorTrack({self.name} {self.pictures.shape} {self.labels.shape} at {self.rate_hz:g} Hz)"


@dataclass(frozen=True, slots=True, repr=False)
class Moment:
    """Everybody in one picture, as where a film is annotated once a second."""

    position: int
    """Of the picture in its track."""
    boxes: NDArray[np.float32]
    """`(P, 4)` xyxy in fractions of the picture."""
    truth: NDArray[np.float32]
    """`(P, C)`: 1 for each label that is true of a person, 0 for the others."""

    def __repr__(self) -> str:
        return f"Moment({self.position}, {len(self.boxes)} people)"


@dataclass(frozen=True, slots=True, repr=False)
class KeyedTrack:
    """Pictures of one film, evenly spaced in time, of which some moments are annotated."""

    name: str
    group: str
    rate_hz: float
    pictures: Pictures
    """`(N, H, W, 3)` RGB."""
    moments: tuple[Moment, ...]

    @property
    def labels(self) -> NDArray[np.int64]:
        """`(K, C)` the truth of everybody in all moments."""
        return np.concatenate([moment.truth for moment in self.moments]).astype(np.int64)

    def __repr__(self) -> str:
        return f"KeyedTrack({self.name} {self.pictures.shape} {len(self.moments)} moments at {self.rate_hz:g} Hz)"


@dataclass(frozen=True, slots=True)
class ActorSet:
    """Tracks in three parts that share no group; see `DataSet`."""

    labels: tuple[str, ...]
    background: str
    training: tuple[ActorTrack | KeyedTrack, ...]
    calibration: tuple[ActorTrack | KeyedTrack, ...]
    held_out: tuple[ActorTrack | KeyedTrack, ...]
    description: str
    unreadable: tuple[str, ...] = ()
    """Why each film is left out of training that cannot be read."""


@dataclass(frozen=True, slots=True)
class BenchPairData:
    """Two simulated benches side by side in one picture, each with an operator who minds nobody."""

    seed: int
    sessions: int
    session_s: float
    held_out: int
    """Sessions kept from training; a third as many more for calibration."""

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = PARTS) -> ActorSet:
        """Parts that are not asked for are empty."""
        calibration = max(1, self.held_out // 3)
        total = self.sessions + calibration + self.held_out
        tracks: dict[Part, tuple[ActorTrack, ...]] = {
            part: tuple(self._session(number, sampling, tick, total) for number in numbers if part in parts)
            for part, numbers in numbered(self.sessions, calibration, self.held_out).items()
        }
        return ActorSet(
            labels=LABELS,
            background=IDLE,
            training=tracks["training"],
            calibration=tracks["calibration"],
            held_out=tracks["held_out"],
            description=(
                f"pairs of simulated work cells, seeds {self.seed} to {self.seed + SIDES * total - 1} of "
                f"{self.session_s:g} s: {self.sessions} pairs to train, {calibration} to calibrate, {self.held_out} "
                "held out"
            ),
        )

    def _session(self, number: int, sampling: Sampling, tick: Tick, total: int) -> ActorTrack:
        first = self.seed + SIDES * number
        moments = np.arange(round(self.session_s * sampling.rate_hz)) / sampling.rate_hz
        sides = [_bench(WorkCell(first + side, sampling.side_px * 4 // 3), moments, sampling) for side in range(SIDES)]
        pictures, boxes, labels = zip(*sides, strict=True)
        tick("drawing pairs of benches", number + 1, total)
        return ActorTrack(
            name=f"benches {first} and {first + 1}",
            group=f"pair {number}",
            rate_hz=sampling.rate_hz,
            pictures=np.concatenate(pictures, axis=2),
            boxes=np.stack([_beside(own, side) for side, own in enumerate(boxes)], axis=1),
            labels=np.stack(labels, axis=1),
        )


def _bench(
    cell: WorkCell, moments: NDArray[np.floating], sampling: Sampling
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    """Square pictures `(N, S, S, 3)`, boxes `(N, 4)` in them, and labels `(N,)`."""
    cell.truth(float(moments[-1]))
    names = [cell.script.segments[cell.script.at(float(moment))].label for moment in moments]
    boxes = np.array([cell.operator_at(float(moment)) for moment in moments], np.float32)
    boxes[:, [0, 2]] -= (ASPECT - 1) / 2  # what lies outside the central square is cut off
    pictures = squares((cell.draw(float(moment)) for moment in moments), sampling.side_px)
    return pictures, np.clip(boxes, 0, 1), np.array([LABELS.index(name) for name in names], np.int64)


def _beside(boxes: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Boxes in one square of several side by side → in the whole picture."""
    moved = boxes.copy()
    moved[:, [0, 2]] = (moved[:, [0, 2]] + side) / SIDES
    return moved
