"""Videos that some kind of annotation lists, as a data set."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from recognizers.data.charades import read_charades
from recognizers.data.folder import GROUP, read_folder
from recognizers.data.kinetics import read_kinetics
from recognizers.data.listing import Listing
from recognizers.data.loading import load
from recognizers.data.recordings import read_recordings
from recognizers.data.scenes import with_background
from recognizers.data.splits import read_splits
from recognizers.data.track import PARTS, DataSet, Part, Sampling, Tick

ListKind = Literal["kinetics", "charades", "splits", "folder", "recordings"]
LIST_KINDS: tuple[ListKind, ...] = get_args(ListKind)


@dataclass(frozen=True, slots=True)
class VideoListData:
    """Lists of videos of one kind."""

    kind: ListKind
    path: Path
    """Of the folder of the lists, or of one list where the kind allows it."""
    videos: Path | None = None
    """Where the videos are; None: with the lists."""
    labels: Path | None = None
    """The label map of Kinetics; None: one beside the lists, or the labels that they name."""
    split: int = 1
    """Which of the official splits of UCF101 and HMDB51."""
    group: str = GROUP
    """Of a folder: a regular expression that finds the group in the name of a video."""
    negatives: tuple[Path, ...] = ()
    """Videos that show none of the actions."""
    elsewhere: int = 0
    """Simulated scenes for the background."""
    held_out_every: int = 3
    """Every n-th group is kept from training, where the set has no splits of its own."""
    pose_model: Path | None = None
    """The file of the networks that find joints in the videos, for a network of joints; None: from the cache folder."""

    def listing(self) -> Listing:
        """Raises DataError where the lists cannot be read."""
        if self.kind == "kinetics":
            return read_kinetics(self.path, self.videos, self.labels)
        if self.kind == "charades":
            return read_charades(self.path, self.videos)
        if self.kind == "splits":
            return read_splits(self.path, self.videos, self.split)
        if self.kind == "folder":
            return read_folder(self.path, self.group, self.held_out_every)
        return read_recordings(self.path, self.held_out_every)

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = PARTS) -> DataSet:
        """Parts that are not asked for are empty.

        Raises:
            DataError: lists or videos cannot be read.
        """
        data = load(self.listing(), sampling, tick, parts)
        if "training" not in parts:
            return data
        return with_background(data, self.negatives, self.elsewhere, sampling, tick)
