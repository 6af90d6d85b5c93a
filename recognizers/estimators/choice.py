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
from recognizers.estimators.litert import content
from recognizers.nn.skeletons import LAYOUTS, places_of


@dataclass(frozen=True, slots=True)
class _Kind:
    of: str
    """Whose joints."""
    download: str
    """A key of `DOWNLOADS`."""
    make: Callable[[Path, int, int], PoseEstimator]
    """Of the bundle's file, how many to look at, threads."""
    networks: tuple[str, ...]
    """In the bundle."""


_ESTIMATORS: Mapping[str, _Kind] = {
    PeoplePoses.layout: _Kind("people", "pose", PeoplePoses, PeoplePoses.networks),
    HandPoses.layout: _Kind("hands", "hands", HandPoses, HandPoses.networks),
}
"""By the layout that they give."""


def check_found(layout: str, coordinates: int) -> None:
    """Raises CheckpointMismatch where nothing finds these joints in pictures; says which joints are found."""
    _kind(layout, coordinates)


def model_of(layout: str, coordinates: int, given: str | Path | None) -> Path:
    """The file of the networks that find these joints: `given`, or the one in the cache folder.

    Raises:
        CheckpointMismatch: nothing finds these joints, or the file is not there.
    """
    return file_of(_kind(layout, coordinates).download, given, os.environ)


def check_bundle(layout: str, coordinates: int, given: str | Path | None) -> None:
    """Raises CheckpointMismatch as `build_estimator` does, but for what only LiteRT sees."""
    bundle = model_of(layout, coordinates, given)
    for network in _kind(layout, coordinates).networks:
        content(bundle, network)


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
    known = {
        name: kind for name in LAYOUTS for gives, kind in _ESTIMATORS.items() if places_of(name, gives) is not None
    }
    if coordinates == 2 and layout in known:
        return known[layout]
    raise CheckpointMismatch(
        f"the network looks at {layout} in {coordinates} dimensions, which nothing finds in pictures; found are, in 2: "
        f"{', '.join(f'{name} ({kind.of})' for name, kind in known.items())}; train on one of these"
    )
