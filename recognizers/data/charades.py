"""Charades (Sigurdsson et al., ECCV 2016): videos of half a minute in which several actions go on, also at once.

A folder with `Charades_v1_train.csv`, `Charades_v1_test.csv` (columns id, subject, actions, length and others;
`actions` is `c092 11.90 21.20;c147 0.00 12.60`) and `Charades_v1_classes.txt` (`c000 Holding some clothes` a line).
Videos are `ID.mp4` in whatever folder.

The official truth of a video is all that goes on in it at some time (`Recording.labels`). Training clips are labelled
by what goes on in most of their second half, as the live service would say it.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

from recognizers.data.listing import Listing, Recording, Span, found_videos, lines_of
from recognizers.errors import DataError

CLASSES = 157
_COLUMNS = ("id", "subject", "actions")
_LIST_HOLDS = f"a table with the columns {', '.join(_COLUMNS)}, as Charades_v1_train.csv"
_MAP_HOLDS = "'c000 name of the action' a line, as Charades_v1_classes.txt"


def read_charades(folder: Path, videos: Path | None = None) -> Listing:
    """Of the folder of its lists.

    Args:
        videos: where the videos are; None: the same folder.

    Raises:
        DataError: a list cannot be read, or lines of it are none.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give the one that holds {_LIST_HOLDS}")
    names = _label_map(_one(folder, "*classes*.txt", _MAP_HOLDS))
    found = found_videos(videos or folder)
    recordings: list[Recording] = []
    for split in ("train", "test"):
        for listing in sorted(folder.glob(f"*{split}*.csv")):
            recordings += _recordings(listing, split, names, found, videos or folder)
    if not recordings:
        raise DataError(f"{folder} holds no *train*.csv and no *test*.csv; each is {_LIST_HOLDS}")
    return Listing("Charades", tuple(names.values()), tuple(recordings))


def _one(folder: Path, pattern: str, holds: str) -> Path:
    found = sorted(folder.glob(pattern))
    if not found:
        raise DataError(f"{folder} holds no {pattern}; it holds {holds}")
    return found[0]


def _label_map(path: Path) -> dict[str, str]:
    """Names by their codes, in the order of these."""
    names = {}
    for number, line in lines_of(path, _MAP_HOLDS):
        found = re.fullmatch(r"(c\d{3})\s+(.+?)\s*", line)
        if found is None:
            raise DataError(f"{path}:{number}: {line!r} is no label; the file holds {_MAP_HOLDS}")
        names[found[1]] = found[2]
    if len(set(names.values())) != len(names):
        raise DataError(f"{path} names a label twice; each has one code")
    return dict(sorted(names.items()))


def _recordings(
    listing: Path, split: str, names: dict[str, str], found: dict[str, Path], videos: Path
) -> list[Recording]:
    try:
        with listing.open(newline="", encoding="utf-8-sig") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {listing} ({error}); it holds {_LIST_HOLDS}") from None
    made = []
    for number, row in enumerate(rows, start=2):
        if lacking := [name for name in _COLUMNS if row.get(name) is None]:
            raise DataError(f"{listing} has no column {lacking[0]}; it holds {_LIST_HOLDS}")
        spans = _spans(f"{listing}:{number}", row["actions"], names)
        path = found.get(row["id"], videos / f"{row['id']}.mp4")
        made.append(Recording(path, row["subject"] or row["id"], spans, split))
    return made


def _spans(where: str, actions: str, names: dict[str, str]) -> tuple[Span, ...]:
    """Of `c092 11.90 21.20;c147 0.00 12.60`. Seconds that run backwards name no time and are left out, as the official
    figures do; a code that is in no map stands for itself."""
    spans = []
    for action in filter(None, map(str.strip, actions.split(";"))):
        words = action.split()
        try:
            code, (start_s, end_s) = words[0], map(float, words[1:])
        except ValueError:
            raise DataError(f"{where}: {action!r} is no action; it is 'c092 11.90 21.20': code, start, end") from None
        if start_s < end_s:
            spans.append(Span(names.get(code, code), max(0.0, start_s), end_s))
    return tuple(spans)
