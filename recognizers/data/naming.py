"""Data sets by name: KIND:PATH, as commands take them. The one place that knows all kinds.

| kind | path |
|---|---|
| `kinetics` | a folder of Kinetics lists, or one list; videos beside them |
| `ava` | the folder of AVA's lists, label map and videos |
| `charades` | the folder of Charades' lists and videos |
| `splits` | the folder of UCF101's or HMDB51's split lists and videos, or one list of the split that is meant |
| `folder` | a folder of class folders |
| `clips` | a folder with `clips.csv` |
| `recordings` | a folder with `labels.jsonl`, as our own service records |
| `skeletons` | a `.npz` of skeletons |
| `cell` | no path but SEED or SEEDxOPERATORS: operators of the simulated cell, from a seed on, all of them held out |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Protocol, runtime_checkable

from recognizers.data.ava import AvaData
from recognizers.data.listing import Listing, parts_of_groups
from recognizers.data.lists import VideoListData
from recognizers.data.sets import ClipListData, WorkCellData
from recognizers.data.skeletons import SkeletonData, groups_of
from recognizers.data.track import DataSet, Part, Sampling, Tick
from recognizers.errors import DataError


class PictureData(Protocol):
    """A data set of pictures, each with one class."""

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = ...) -> DataSet:
        """Tracks of some parts; the others are empty. Raises DataError."""
        ...


@runtime_checkable
class Listed(Protocol):
    """A data set whose videos and annotations are listed; `takt data check` and multi-view validation read it so."""

    def listing(self) -> Listing:
        """Raises DataError."""
        ...


NamedData = AvaData | ClipListData | SkeletonData | VideoListData | WorkCellData


def named(text: str) -> NamedData:
    """The data set of KIND:PATH.

    Raises:
        DataError: there is no such kind, or nothing at the path.
    """
    kind, colon, where = text.partition(":")
    if kind not in KINDS or not colon:
        raise DataError(f"{text!r} names no data; give KIND:PATH, where KIND is one of {', '.join(KINDS)}")
    if kind != "cell":
        if not where:
            raise DataError(f"{text!r} names no path; give KIND:PATH, e.g. {kind}:/data/{kind}")
        if not Path(where).exists():
            raise DataError(f"{text}: no such file or folder: {where}; check the path")
    return KINDS[kind](where)


def _cell(where: str) -> WorkCellData:
    found = re.fullmatch(r"(\d+)(?:x(\d+))?", where or "9000")
    if found is None:
        raise DataError(f"cell:{where}: give the seed of the first operator and how many, e.g. cell:9000x12")
    operators = max(1, int(found[2] or 12))
    return WorkCellData(int(found[1]), sessions=0, session_s=40.0, held_out=operators, elsewhere=5 * operators)


def _skeletons(where: str) -> SkeletonData:
    path = Path(where)
    groups = groups_of(path)
    numbers = {f"{group:09d}": group for group in groups}
    parts = parts_of_groups(numbers, 3)
    held_out, calibration = (
        tuple(sorted(numbers[name] for name, own in parts.items() if own == part))
        for part in ("held_out", "calibration")
    )
    return SkeletonData(path, held_out, calibration)


KINDS: dict[str, Callable[[str], NamedData]] = {
    "kinetics": lambda where: VideoListData("kinetics", Path(where)),
    "ava": lambda where: AvaData(Path(where)),
    "charades": lambda where: VideoListData("charades", Path(where)),
    "splits": lambda where: VideoListData("splits", Path(where)),
    "folder": lambda where: VideoListData("folder", Path(where)),
    "clips": lambda where: ClipListData(Path(where), (), elsewhere=0),
    "recordings": lambda where: VideoListData("recordings", Path(where)),
    "skeletons": _skeletons,
    "cell": _cell,
}
