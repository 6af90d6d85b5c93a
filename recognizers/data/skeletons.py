"""Recorded skeletons, one action a sequence, in three parts that share no group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.data.skeleton_file import read_skeletons
from recognizers.errors import DataError

BLOCKS = 5
"""Blocks into which the sequences of each label are cut where the file does not say who is shown."""


@dataclass(frozen=True, slots=True, repr=False)
class Sequence:
    """One person doing one thing."""

    group: int
    """The subject's number; where the file knows no subjects, the block's, from 1."""
    label: int
    """Position among the data set's labels."""
    skeletons: NDArray[np.float32]
    """`(T, J, D + 1)`: x, y(, z), then 1 where the joint was seen and 0 where it was not."""


@dataclass(frozen=True, slots=True)
class SkeletonSet:
    """Sequences in three parts that share no group."""

    labels: tuple[str, ...]
    background: str
    training: tuple[Sequence, ...]
    calibration: tuple[Sequence, ...]
    """For choices made after training; never trained on."""
    held_out: tuple[Sequence, ...]
    """For the figures that are reported; neither trained on nor chosen by."""
    description: str


@dataclass(frozen=True, slots=True)
class SkeletonData:
    """A `.npz` file of `frames` (all sequences in a row; joints; 2 or 3 coordinates), `lengths`, `labels`, `subjects`
    and `names`.

    Sequences are split by subject. Where the file names but one, they are split by blocks: a fifth each of a label's
    sequences, in the order of the file. Recordings of one scene lie side by side there, so that blocks part most of
    them; a person may still be on both sides, and figures say less than those of people who were left out.
    """

    path: Path
    held_out: tuple[int, ...]
    """Subjects or blocks that are kept from training."""
    calibration: tuple[int, ...] = ()
    """Of the others, those that the temperature is fitted on."""
    background: str = "background"
    """One of the set's own labels, or a new one: then it is made of bodies that stand still, of nobody, and of
    actions whose pieces are out of order."""

    def load(self) -> SkeletonSet:
        """The sequences, read.

        Raises:
            DataError: the file cannot be read, or a part would be empty.
        """
        arrays = read_skeletons(self.path)
        names = arrays.names
        added = self.background not in names
        labels = (self.background, *names) if added else names
        groups, kind = _groups(arrays.subjects, arrays.labels)
        ends = np.cumsum(arrays.lengths)[:-1]
        sequences = [
            Sequence(int(group), int(label) + added, _with_seen(skeletons))
            for group, label, skeletons in zip(groups, arrays.labels, np.split(arrays.frames, ends), strict=True)
        ]
        self._check(set(groups.tolist()), kind)
        kept = {*self.held_out, *self.calibration}
        training = tuple(one for one in sequences if one.group not in kept and _shows_somebody(one))
        if not any(labels[one.label] != self.background for one in training):
            raise DataError(f"{self.path}: nothing that is trained on shows somebody in action; hold out less")
        return SkeletonSet(
            labels=labels,
            background=self.background,
            training=training,
            calibration=tuple(one for one in sequences if one.group in self.calibration),
            held_out=tuple(one for one in sequences if one.group in self.held_out),
            description=f"{len(sequences)} sequences of {len(names)} labels of {self.path.name}; "
            f"{kind} {', '.join(map(str, self.held_out))} held out",
        )

    def _check(self, groups: set[int], kind: str) -> None:
        unknown = {*self.held_out, *self.calibration} - groups
        if unknown or not self.held_out:
            raise DataError(
                f"{self.path}: held_out is {list(self.held_out)} and calibration {list(self.calibration)}; "
                f"there are the {kind} {', '.join(map(str, sorted(groups)))}"
            )
        if set(self.held_out) & set(self.calibration):
            raise DataError(f"{self.path}: held_out and calibration share {kind}; a figure needs its own")
        if groups <= {*self.held_out, *self.calibration}:
            raise DataError(f"{self.path}: all {kind} are held out; leave some to train on")


def groups_of(path: Path) -> tuple[int, ...]:
    """The numbers of a file's subjects or blocks.

    Raises:
        DataError: it cannot be read.
    """
    arrays = read_skeletons(path)
    return tuple(sorted({int(group) for group in _groups(arrays.subjects, arrays.labels)[0]}))


def _groups(subjects: NDArray[np.int64], labels: NDArray[np.int64]) -> tuple[NDArray[np.int64], str]:
    """The group of each sequence, and what a group is called."""
    if len(np.unique(subjects)) > 1:
        return subjects, "subjects"
    groups = np.zeros(len(labels), np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels == label)
        groups[own] = np.arange(len(own)) * BLOCKS // len(own) + 1
    return groups, "blocks"


def _with_seen(places: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(T, J, D)` → `(T, J, D + 1)`. In three dimensions 0, 0, 0 is the sensor itself: the joint was not seen. Frames
    in which nobody was seen are left out, save where there is no other."""
    seen = np.ones((*places.shape[:2], 1), np.float32)
    if places.shape[2] == 3:
        seen[..., 0] = places.any(axis=2)
    there = seen.any(axis=(1, 2))
    skeletons = np.concatenate((places, seen), axis=2)
    return skeletons[there] if there.any() else skeletons


def _shows_somebody(sequence: Sequence) -> bool:
    return bool(sequence.skeletons[..., -1].any())
