"""What finds which joints live: the one place that knows every estimator of poses."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizers.errors import CheckpointMismatch
from recognizers.estimators.base import PoseEstimator
from recognizers.estimators.blaze import HandPoses, PeoplePoses
from recognizers.estimators.downloads import file_of
from recognizers.nn.skeletons import LAYOUTS, places_of


@dataclass(frozen=True, slots=True)
class _Kind:
    download: str
    """A key of `DOWNLOADS`."""
    make: Callable[[Path, int, int], PoseEstimator]
    """Of the bundle's file, how many to look at, threads."""


_ESTIMATORS: Mapping[str, _Kind] = {
    PeoplePoses.layout: _Kind("pose", PeoplePoses),
    HandPoses.layout: _Kind("hands", HandPoses),
}
"""By the layout that they give."""


def model_of(layout: str, coordinates: int, given: str | Path | None) -> Path:
    """The file of the networks that find these joints: `given`, or the one in the cache folder.

    Raises:
        CheckpointMismatch: nothing finds these joints, or the file is not there.
    """
    return file_of(_kind(layout, coordinates).download, given, os.environ)


def build_estimator(
    layout: str, coordinates: int, persons: int, given: str | Path | None, threads: int
) -> PoseEstimator:
    """What finds these joints, of so many people (or hands) at most.

    Raises:
        CheckpointMismatch: nothing finds these joints; the file is missing, damaged or another; LiteRT is not
            installed.
    """
    return _kind(layout, coordinates).make(model_of(layout, coordinates, given), persons, threads)


def _kind(layout: str, coordinates: int) -> _Kind:
    fitting = [kind for gives, kind in _ESTIMATORS.items() if places_of(layout, gives) is not None]
    if coordinates == 2 and fitting:
        return fitting[0]
    known = [name for name in LAYOUTS if any(places_of(name, gives) is not None for gives in _ESTIMATORS)]
    raise CheckpointMismatch(
        f"the network looks at {layout} in {coordinates} dimensions, which nothing finds in pictures; live there are, "
        f"in 2: {', '.join(known)}; train on one of these"
    )
