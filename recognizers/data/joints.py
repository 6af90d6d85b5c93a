"""A folder of clips as skeletons: joints are found in its films as they are live, so that both see the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.data.sets import ClipListData, Tick, actions_of, clip_list, held_out_of
from recognizers.data.skeletons import Sequence, SkeletonSet
from recognizers.data.video import pictures
from recognizers.errors import DataError
from recognizers.estimators.base import PoseEstimator
from recognizers.nn.skeletons import places_of

_SURE = 0.5
"""From so much on a joint counts as seen, as in the network."""


@dataclass(frozen=True, slots=True)
class Looking:
    """How joints are looked for."""

    estimator: PoseEstimator
    layout: str
    """Which of its joints are kept: a key of `LAYOUTS` that is part of the estimator's."""
    rate_hz: float
    """Pictures a second, as live."""
    frames: int
    """Pictures of a clip: films are cut into pieces of so many, each half over the one before."""

    def film(self, path: Path) -> NDArray[np.float32]:
        """`(T, J, 3)`: x and y in heights of the picture and 1 where the joint was seen, of the surest person in each
        picture; zeros where there is nobody."""
        places = list(places_of(self.layout, self.estimator.layout) or ())
        skeletons = []
        for picture in pictures(path, self.rate_hz, self.estimator.short_side_px):
            found = self.estimator.poses(picture)[:1, places]
            pose = found[0] if len(found) else np.zeros((len(places), 3), np.float32)
            seen = pose[:, 2:] >= _SURE
            wide = picture.shape[1] / picture.shape[0]
            skeletons.append(np.concatenate((pose[:, :2] * (wide, 1), seen), axis=1) * seen)
        return np.array(skeletons, np.float32).reshape(-1, len(places), 3)

    def pieces(self, skeletons: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Of a film; one that is shorter than a clip is a piece as it is."""
        last = max(1, len(skeletons) - self.frames + 1)
        return [skeletons[start : start + self.frames] for start in range(0, last, max(1, self.frames // 2))]


def joints_in(data: ClipListData, looking: Looking, tick: Tick) -> SkeletonSet:
    """The sequences of a folder of clips. Simulated scenes hold nobody and are left out; whoever is seen in `negatives`
    does none of the actions.

    Raises:
        DataError: the list or a film cannot be read, or a clip shows several actions at once.
    """
    rows = clip_list(data.folder)
    if several := [str(path) for path, label, _ in rows if len(actions_of(label)) > 1]:
        raise DataError(f"{several[0]} shows several actions at once; a sequence of skeletons has one label")
    labels = (data.background, *sorted({label for _, label, _ in rows} - {data.background, ""}))
    parts = data.parts(group for _, _, group in rows)
    numbers = {group: number for number, group in enumerate(sorted(parts), start=1)}
    sequences: dict[str, list[Sequence]] = {"training": [], "calibration": [], "held_out": []}
    films = [(path, label or data.background, numbers[group], parts[group]) for path, label, group in rows]
    films += [(path, data.background, 0, "training") for path in data.negatives]
    for done, (path, label, number, part) in enumerate(films, start=1):
        for piece in looking.pieces(looking.film(path)):
            if piece[..., 2].any() or part != "training":
                sequences[part].append(Sequence(number, labels.index(label), piece))
        tick("finding joints", done, len(films))
    return SkeletonSet(
        labels=labels,
        background=data.background,
        training=tuple(sequences["training"]),
        calibration=tuple(sequences["calibration"]),
        held_out=tuple(sequences["held_out"]),
        description=(
            f"joints ({looking.layout}) in {len(rows)} clips of {len(labels) - 1} actions; "
            f"groups {', '.join(held_out_of(parts))} held out"
        ),
    )
