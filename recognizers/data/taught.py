"""A few recordings to teach with, in folds that share no group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from recognizers.data.folds import Folds, folds
from recognizers.data.listing import Listing, Recording
from recognizers.data.lists import VideoListData
from recognizers.data.loading import load
from recognizers.data.recordings import LABELS_FILE
from recognizers.data.scenes import scenes
from recognizers.data.sets import ClipListData
from recognizers.data.track import PARTS, DataSet, Sampling, Tick, Track
from recognizers.errors import DataError

Source = VideoListData | ClipListData
"""Of clips, each in its file."""


@dataclass(frozen=True, slots=True)
class Taught:
    """Clips, each of one label, and the fold of each."""

    listing: Listing
    folds: Folds

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each clip."""
        return tuple(label_of(one, self.listing) for one in self.listing.recordings)

    def of_fold(self, number: int) -> list[int]:
        """The positions of a fold's clips."""
        return [place for place, fold in enumerate(self.folds.of_clip) if fold == number]

    @property
    def description(self) -> str:
        shown = ", ".join(f"{count} of {label}" for label, count in sorted(Counter(self.labels).items()))
        return (
            f"{self.listing.name}: {len(self.labels)} clips ({shown}). The figures are of {self.folds.count} networks, "
            "each of which learned from some groups and was judged by the others; this one learned from all"
        )

    def pictures(self, number: int, elsewhere: int, sampling: Sampling, tick: Tick) -> DataSet:
        """A fold whose clips are both learned from and judged by, with so many simulated scenes of its own to learn."""
        own = tuple(replace(self.listing.recordings[place], split="test") for place in self.of_fold(number))
        data = load(replace(self.listing, recordings=own), sampling, tick, [PARTS[-1]])
        seen = scenes(1000 * number, elsewhere, sampling, data.none, tick)
        training = (*data.held_out, *_as_long(data.held_out, data.none, seen), *seen)
        return replace(data, training=training, description=self.description)


def _as_long(tracks: Sequence[Track], none: int, seen: Sequence[Track]) -> Iterator[Track]:
    """Tracks of the place without any action, again and again, until they last as long as the scenes: few seconds were
    recorded of it, and moments are drawn alike, but it is what the recognizer will see for most of the day."""
    place = [one for one in tracks if (one.labels == none).all()]
    length = sum(len(one.labels) for one in place)
    if length:
        times = sum(len(one.labels) for one in seen) // length
        yield from (one for _ in range(times) for one in place)


def source_of(folder: Path) -> Source:
    """What somebody recorded with `takt record`, or a folder with `clips.csv`, or one of class folders."""
    if (folder / LABELS_FILE).exists():
        return VideoListData("recordings", folder)
    if (folder / "clips.csv").exists():
        return ClipListData(folder, (), 0)
    return VideoListData("folder", folder)


def taught(source: Source) -> Taught:
    """The clips of a folder, but for what lies before and after what is labelled, which may be anything.

    Raises:
        DataError: they cannot be read, show several actions at once, or none.
    """
    listing = source.listing()
    if several := [one.path for one in listing.recordings if any(len(what) > 1 for what in one.combinations())]:
        raise DataError(f"{several[0]} shows several actions at once; teach one at a time, or use takt train")
    if not listing.labels:
        raise DataError(f"{listing.name} shows no action; record some with takt record")
    listing = replace(listing, recordings=tuple(map(_labelled_part, listing.recordings)))
    clips = [(label_of(one, listing), one.group) for one in listing.recordings]
    return Taught(listing, folds(clips))


def label_of(recording: Recording, listing: Listing) -> str:
    """What a clip is a clip of: its first action, or the background."""
    return min(recording.spans, key=lambda span: span.start_s).label if recording.spans else listing.background


def _labelled_part(one: Recording) -> Recording:
    if not one.spans:
        return one
    end_s = max(span.end_s for span in one.spans)
    return replace(one, start_s=min(span.start_s for span in one.spans), end_s=end_s if end_s < math.inf else one.end_s)
