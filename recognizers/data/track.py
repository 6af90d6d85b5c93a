"""Recorded pictures with the action at each of them: what training and validation cut their clips from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.transforms import square

_AT_ONCE = 64

Part = Literal["training", "calibration", "held_out"]
"""What a recording is for."""
PARTS: tuple[Part, ...] = ("training", "calibration", "held_out")


def numbered(training: int, calibration: int, held_out: int) -> dict[Part, range]:
    """The numbers of the recordings of each part, one part after the other."""
    return {
        "training": range(training),
        "calibration": range(training, training + calibration),
        "held_out": range(training + calibration, training + calibration + held_out),
    }


Tick = Callable[[str, int, int], None]
"""Told of progress: what, how many are done, of how many."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How pictures are kept."""

    rate_hz: float
    side_px: int


class Pictures(Protocol):
    """Pictures `(N, H, W, 3)` uint8 RGB of one recording: an array, or a film that decodes what is asked for."""

    def __len__(self) -> int: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, positions: NDArray[np.intp], /) -> NDArray[np.uint8]: ...


@dataclass(frozen=True, slots=True, repr=False)
class Track:
    """Pictures of one recording, evenly spaced in time."""

    name: str
    group: str
    """Who or what was recorded: person, session, scene. Data sets are split by it, never by clip."""
    rate_hz: float
    pictures: Pictures
    """`(N, S, S, 3)` RGB."""
    labels: NDArray[np.int64]
    """`(N,)` the position of each picture's action among the data set's classes."""

    def __repr__(self) -> str:
        return f"Track({self.name} group={self.group} {self.pictures.shape} at {self.rate_hz:g} Hz)"


@dataclass(frozen=True, slots=True)
class DataSet:
    """Tracks in three parts that share no group."""

    labels: tuple[str, ...]
    background: str
    training: tuple[Track, ...]
    calibration: tuple[Track, ...]
    """For choices made after training (temperature); never trained on."""
    held_out: tuple[Track, ...]
    """For the figures that are reported; neither trained on nor chosen by."""
    description: str
    together: tuple[tuple[int, ...], ...] = ()
    """Where several labels can be true at once: the positions of those that each class stands for. Otherwise a class
    is a label."""
    unreadable: tuple[str, ...] = ()
    """Why each video is left out of training that cannot be read; of the other parts none may be."""

    @property
    def classes(self) -> tuple[tuple[int, ...], ...]:
        """The labels that are true of each class."""
        return self.together or tuple((place,) for place in range(len(self.labels)))

    @property
    def none(self) -> int:
        """The class that is no action."""
        return self.classes.index((self.labels.index(self.background),))

    def truth(self, labels: NDArray[np.int64]) -> NDArray[np.float32]:
        """Classes `(N,)` → `(N, C)`: 1 for each label that is true, 0 for the others."""
        classes = self.classes
        rows = np.zeros((len(labels), len(self.labels)), np.float32)
        for row, label in zip(rows, labels.tolist(), strict=True):
            row[list(classes[label])] = 1
        return rows


def squares(pictures: Iterable[Picture], side_px: int) -> NDArray[np.uint8]:
    """`(N, side, side, 3)`: what the live transform makes of pictures of one size."""
    some, made = iter(pictures), []
    while chunk := list(islice(some, _AT_ONCE)):
        made.append(square(chunk, side_px).permute(0, 2, 3, 1).numpy())
    return np.concatenate(made)


def window_label(labels: Sequence[int] | NDArray[np.int64], classes: int) -> tuple[int, float]:
    """The action of a clip is the one that fills most of its second half; also says how much of it."""
    newer = np.asarray(labels)[len(labels) // 2 :]
    count = np.bincount(newer, minlength=classes)
    best = int(count.argmax())
    return best, float(count[best] / len(newer))
