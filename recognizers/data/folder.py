"""A folder of folders: each is named for a label and holds its videos. Perhaps within `train`, `val` and `test`."""

from __future__ import annotations

import re
from pathlib import Path

from recognizers.data.listing import BACKGROUND, SPLITS, VIDEO_ENDINGS, Listing, Recording, Span
from recognizers.errors import DataError

GROUP = r"_(g\d+)_c\d+$"
"""As UCF101 names its clips: clips of one group show the same people."""


def read_folder(folder: Path, group: str = GROUP, held_out_every: int = 3) -> Listing:
    """Of a folder of class folders. One that is named `background` holds what shows none of the others.

    Args:
        group: a regular expression whose first group, in the name of a video without its ending, says who or what is
            shown. Where it is not found, every video is a group of its own.

    Raises:
        DataError: there are no videos in class folders, or `group` is no such expression.
    """
    try:
        pattern = re.compile(group)
    except re.error as error:
        raise DataError(f"group {group!r} is no regular expression ({error}); e.g. {GROUP}") from None
    if pattern.groups < 1:
        raise DataError(f"group {group!r} has no part in parentheses; e.g. {GROUP}")
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; it holds a folder of videos for each label")
    sides = {split: folder / split for split in SPLITS if (folder / split).is_dir()} or {"": folder}
    recordings = [one for split, side in sides.items() for one in _recordings(side, split, pattern)]
    if not recordings:
        raise DataError(f"{folder} holds no videos in folders named for labels ({', '.join(VIDEO_ENDINGS)})")
    labels = {label for one in recordings for label in one.labels}
    labels |= {own.name for side in sides.values() for own in _folders(side)}
    return Listing(folder.name, tuple(sorted(labels - {BACKGROUND})), tuple(recordings), held_out_every=held_out_every)


def _folders(side: Path) -> list[Path]:
    return sorted(one for one in side.iterdir() if one.is_dir() and not one.name.startswith("."))


def _recordings(side: Path, split: str, pattern: re.Pattern[str]) -> list[Recording]:
    return [
        Recording(video, _group(video, own.name, pattern), () if own.name == BACKGROUND else (Span(own.name),), split)
        for own in _folders(side)
        for video in sorted(own.rglob("*"))
        if video.suffix.lower() in VIDEO_ENDINGS
    ]


def _group(video: Path, label: str, pattern: re.Pattern[str]) -> str:
    found = pattern.search(video.stem)
    return found[1] if found else f"{label}/{video.stem}"
