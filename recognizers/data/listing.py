"""What the annotations of a data set say: which videos, what goes on in them and when, and what each is for.

Readers of every kind of annotation give a `Listing`. Nothing of it opens a video; whether the videos are there, can be
read and go together is asked by `loading` and by `check`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.data.track import PARTS, Part
from recognizers.errors import DataError

BACKGROUND = "background"
SPLITS = ("train", "val", "test")
VIDEO_ENDINGS = (".mp4", ".mkv", ".webm", ".avi", ".mov", ".m4v", ".mpg", ".mpeg", ".ts")


@dataclass(frozen=True, slots=True)
class Span:
    """Something that goes on for a while."""

    label: str
    start_s: float = 0.0
    """Seconds from the first picture of the file."""
    end_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Recording:
    """A video, or a stretch of one, with what goes on in it."""

    path: Path
    group: str
    """Who or what was recorded: person, session, scene. Data sets are split by it, never by clip."""
    spans: tuple[Span, ...]
    """May overlap. Outside of all of them is background."""
    split: str = ""
    """One of `SPLITS`, where the data set has parts of its own."""
    start_s: float = 0.0
    end_s: float | None = None
    """Only this stretch of the file is looked at; None: to its end."""
    region: Region = WHOLE_PICTURE
    """Only this of its pictures is looked at."""

    @property
    def name(self) -> str:
        return self.path.stem if not self.start_s else f"{self.path.stem} from {self.start_s:g} s"

    @property
    def labels(self) -> frozenset[str]:
        """All that goes on at some time: the truth of the whole, as Charades counts it."""
        return frozenset(span.label for span in self.spans)

    def combinations(self) -> frozenset[tuple[str, ...]]:
        """What goes on together at some time, each in alphabetical order; the empty one where nothing does."""
        end = math.inf if self.end_s is None else self.end_s
        cuts = {self.start_s, *(span.start_s for span in self.spans), *(span.end_s for span in self.spans)}
        moments = [cut for cut in cuts if self.start_s <= cut < end]
        return frozenset(self.at(moment) for moment in moments)

    def at(self, moment_s: float) -> tuple[str, ...]:
        """What goes on at a moment of the file, in alphabetical order."""
        return tuple(sorted({span.label for span in self.spans if span.start_s <= moment_s < span.end_s}))


@dataclass(frozen=True, slots=True)
class Listing:
    """All recordings of a data set."""

    name: str
    """Of the data set, for descriptions."""
    labels: tuple[str, ...]
    """The label map, in its order, without the background."""
    recordings: tuple[Recording, ...]
    background: str = BACKGROUND
    held_out_every: int = 3
    """Of recordings that are in no split, every n-th group is held out."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Labels of recordings that the label map does not hold."""
        named = {label for recording in self.recordings for label in recording.labels}
        return tuple(sorted(named - {*self.labels, self.background}))

    def parts(self) -> dict[Part, tuple[Recording, ...]]:
        """What each recording is for. A split named by the data set stays: `train` is trained on, `test` is held out;
        `val` calibrates where there is a `test`, and is held out where there is none. What is in no split is parted by
        group. Where nothing calibrates, every sixth group that would be trained on does.

        Raises:
            DataError: there are too few groups to part.
        """
        splits = {recording.split for recording in self.recordings}
        of_split: dict[str, Part] = {
            "train": "training",
            "val": "calibration" if "test" in splits else "held_out",
            "test": "held_out",
        }
        of_group: dict[str, Part] = {}
        if "" in splits:
            of_group = parts_of_groups((one.group for one in self.recordings if not one.split), self.held_out_every)
        part_of = [of_split.get(one.split) or of_group[one.group] for one in self.recordings]
        found: dict[Part, list[Recording]] = {part: [] for part in PARTS}
        for one, part in zip(self.recordings, part_of, strict=True):
            found[part].append(one)
        if not found["calibration"]:
            trained = sorted({one.group for one in found["training"]})
            kept = set(trained[::6]) if len(trained) > 1 else set()
            found["calibration"] = [one for one in found["training"] if one.group in kept]
            found["training"] = [one for one in found["training"] if one.group not in kept]
        return {part: tuple(some) for part, some in found.items()}


def parts_of_groups(groups: Iterable[str], held_out_every: int) -> dict[str, Part]:
    """Whether each group is for `training`, `calibration` or `held_out`."""
    training, held_out = split_groups(groups, held_out_every)
    part_of: dict[str, Part] = dict.fromkeys(training, "training")
    part_of |= dict.fromkeys(held_out, "held_out")
    return part_of | dict.fromkeys(sorted(training)[::6], "calibration")


def split_groups(groups: Iterable[str], held_out_every: int) -> tuple[set[str], set[str]]:
    """Groups to train on, groups held out: every n-th in alphabetical order. The same wherever it is asked."""
    ordered = sorted(set(groups))
    if len(ordered) < held_out_every:
        raise DataError(f"too few groups ({len(ordered)}) to be split: a figure needs people who were not trained on")
    held_out = set(ordered[held_out_every - 1 :: held_out_every])
    return set(ordered) - held_out, held_out


def lines_of(path: Path, holds: str) -> list[tuple[int, str]]:
    """Lines of an annotation file that are not empty, with their numbers; `holds` says what it is for.

    Raises:
        DataError: it cannot be read, or is no text.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}; it holds {holds}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path} is no UTF-8 text; it holds {holds}") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def found_videos(folder: Path) -> dict[str, Path]:
    """The videos anywhere in a folder by their names without endings; of two of one name, the first in order.

    Raises:
        DataError: there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; it is where the videos are looked for")
    paths = sorted((path for path in folder.rglob("*") if path.suffix.lower() in VIDEO_ENDINGS), reverse=True)
    return {path.stem: path for path in paths}
