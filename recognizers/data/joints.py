"""A folder of clips as skeletons: joints are found in its films as they are live, so that both see the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.data.listing import Listing, Recording
from recognizers.data.lists import VideoListData
from recognizers.data.loading import classes_of, labels_at
from recognizers.data.sets import ClipListData
from recognizers.data.skeletons import Sequence, SkeletonSet
from recognizers.data.track import PARTS, Part, Tick
from recognizers.data.video import pictures
from recognizers.errors import DataError
from recognizers.estimators.base import PoseEstimator
from recognizers.nn.skeletons import places_of
from recognizers.transforms import crop_to_region

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

    def film(self, path: Path, region: Region = WHOLE_PICTURE) -> NDArray[np.float32]:
        """`(T, J, 3)`: x and y in heights of what is looked at and 1 where the joint was seen, of the surest person in
        each picture; zeros where there is nobody."""
        places = list(places_of(self.layout, self.estimator.layout) or ())
        skeletons = []
        share = min(region.right - region.left, region.bottom - region.top)
        for whole in pictures(path, self.rate_hz, round(self.estimator.short_side_px / share)):
            picture = crop_to_region(whole, region)
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


def joints_in(data: ClipListData | VideoListData, looking: Looking, tick: Tick) -> SkeletonSet:
    """The sequences of a folder of clips, one for each piece of each stretch in which one thing goes on. Simulated
    scenes hold nobody and are left out; whoever is seen in `negatives` does none of the actions.

    Raises:
        DataError: the list or a film cannot be read, or a clip shows several actions at once.
    """
    listing = data.listing()
    for one in listing.recordings:
        if any(len(actions) > 1 for actions in one.combinations()):
            raise DataError(f"{one.path} shows several actions at once; a sequence of skeletons has one label")
    parts = listing.parts()
    numbers = {group: n for n, group in enumerate(sorted({one.group for one in listing.recordings}), start=1)}
    films = [(part, numbers[one.group], one) for part, some in parts.items() for one in some]
    films += [("training", 0, Recording(path, "", ())) for path in data.negatives]
    sequences: dict[Part, list[Sequence]] = {part: [] for part in PARTS}
    for done, (part, number, one) in enumerate(films, start=1):
        for label, skeletons in _stretches(one, listing, looking):
            for piece in looking.pieces(skeletons):
                if piece[..., 2].any() or part != "training":
                    sequences[part].append(Sequence(number, label, piece))
        tick("finding joints", done, len(films))
    held_out = sorted({one.group for one in parts["held_out"]})
    return SkeletonSet(
        labels=(listing.background, *listing.labels),
        background=listing.background,
        training=tuple(sequences["training"]),
        calibration=tuple(sequences["calibration"]),
        held_out=tuple(sequences["held_out"]),
        description=(
            f"joints ({looking.layout}) in {len(listing.recordings)} clips of {len(listing.labels)} actions; "
            f"groups {', '.join(held_out)} held out"
        ),
    )


def _stretches(one: Recording, listing: Listing, looking: Looking) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """The position of the label of each stretch of a film, and its skeletons."""
    whole = looking.film(one.path, one.region)
    first = round(one.start_s * looking.rate_hz)
    last = len(whole) if one.end_s is None else round(one.end_s * looking.rate_hz)
    shown = whole[first:last]
    labels = labels_at(one, len(shown), looking.rate_hz, classes_of(listing))
    borders = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    for start, end in pairwise(borders):
        if end > start:
            yield int(labels[start]), shown[start:end]
