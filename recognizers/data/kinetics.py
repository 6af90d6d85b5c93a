"""Kinetics-400, -600 and -700 (Kay et al., 2017; Carreira et al., 2018, 2019), by either kind of list.

* The official ones: `label,youtube_id,time_start,time_end,split` (some without `label`: the hidden test side). The
  videos are the trimmed clips, named as their downloaders do: `ID_000012_000022.mp4` in whatever folder, or `ID.mp4`.
* PySlowFast's: `path label` a line (or `path pictures label`), in `train.csv`, `val.csv` and `test.csv`; labels are
  numbers, whose names a label map gives.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from recognizers.data.labelmap import plain, read_labels
from recognizers.data.listing import Listing, Recording, Span, found_videos, lines_of
from recognizers.errors import DataError

SIZES = (400, 600, 700)
_HOLDS = "label,youtube_id,time_start,time_end,split with these names in its first line, or 'path label' a line"
_SPLIT_OF = {"train": "train", "val": "val", "validate": "val", "validation": "val", "test": "test", "testing": "test"}
_MAPS = ("labels.txt", "labels.csv", "labels.json", "kinetics_classnames.json", "classes.txt")


def read_kinetics(path: Path, videos: Path | None = None, labels: Path | None = None) -> Listing:
    """Of a folder of lists, or of one list.

    Args:
        videos: where the videos are; None: the lists' folder.
        labels: the label map; None: one that lies beside the lists, or the labels that the official lists name.

    Raises:
        DataError: a list cannot be read, or lines of it are none.
    """
    lists, folder = _lists(path)
    at = videos or folder
    own = labels or next((folder / name for name in _MAPS if (folder / name).is_file()), None)
    names = read_labels(own) if own else None
    rows = [row for listing in lists for row in _rows(listing)]
    if not rows:
        raise DataError(f"{path} names no clip that has a label; the hidden test side of Kinetics has none")
    found = found_videos(at) if any(row.video for row in rows) else {}
    if names is None:
        # Numbers without names are names themselves, in their own order.
        names = tuple(sorted({row.label for row in rows}, key=lambda one: (len(one) if one.isdecimal() else 0, one)))
    recordings = tuple(
        Recording(_located(row, at, found), row.group, (Span(_named(row, names)),), row.split) for row in rows
    )
    size = f"Kinetics-{len(names)}" if len(names) in SIZES else f"Kinetics ({len(names)} labels)"
    return Listing(size, names, recordings)


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    is_number: bool
    split: str
    group: str
    path: str = ""
    """As PySlowFast's lists give it."""
    video: tuple[str, ...] = ()
    """Names that the file may have, without its ending."""


def _lists(path: Path) -> tuple[list[Path], Path]:
    """The lists, and the folder that they lie in."""
    if path.is_file():
        return [path], path.parent
    if not path.is_dir():
        raise DataError(f"no such file or folder: {path}; give the folder of the Kinetics lists, or one of them")
    lists = [one for one in sorted(path.glob("*.csv")) if _split_of(one)]
    if not lists:
        raise DataError(f"{path} holds no list; it needs train.csv, val.csv or test.csv of {_HOLDS}")
    return lists, path


def _split_of(listing: Path) -> str:
    """By the name of the file; empty where it says none."""
    words = re.split(r"[^a-z]+", listing.stem.lower())
    return next((_SPLIT_OF[word] for word in words if word in _SPLIT_OF), "")


def _rows(listing: Path) -> list[_Row]:
    lines = lines_of(listing, _HOLDS)
    if lines and "youtube_id" in lines[0][1]:
        return _official(listing, lines)
    return [_of_slowfast(listing, number, line) for number, line in lines]


def _official(listing: Path, lines: list[tuple[int, str]]) -> list[_Row]:
    columns = [name.strip().strip('"') for name in lines[0][1].split(",")]
    if lacking := {"youtube_id", "time_start", "time_end"} - set(columns):
        raise DataError(f"{listing} has no column {sorted(lacking)[0]}; it holds {_HOLDS}")
    if "label" not in columns:
        return []
    rows = []
    for number, line in lines[1:]:
        (values,) = csv.reader([line])
        row = dict(zip(columns, values, strict=False))
        split = _SPLIT_OF.get(row.get("split", "").strip().lower(), _split_of(listing))
        try:
            start, end = (round(float(row[name])) for name in ("time_start", "time_end"))
        except (KeyError, ValueError):
            raise DataError(f"{listing}:{number}: {line!r} has no times; it holds {_HOLDS}") from None
        video = row["youtube_id"]
        rows.append(_Row(plain(row["label"]), False, split, video, video=(f"{video}_{start:06d}_{end:06d}", video)))
    return rows


def _of_slowfast(listing: Path, number: int, line: str) -> _Row:
    words = line.split(",") if "," in line and " " not in line.strip() else line.rsplit(maxsplit=1)
    if len(words) != 2 or not words[1].strip().isdecimal():
        raise DataError(f"{listing}:{number}: {line!r} is no path and number of a label; it holds {_HOLDS}")
    path, label = words[0].strip(), words[1].strip()
    shorter = path.rsplit(maxsplit=1)
    if len(shorter) == 2 and shorter[1].isdecimal() and Path(shorter[0]).suffix:
        path = shorter[0]  # path, number of pictures, label
    # Clips of one video are named for it and their seconds.
    group = re.sub(r"_\d{6}_\d{6}$", "", Path(path).stem)
    return _Row(label, True, _split_of(listing), group, path=path)


def _named(row: _Row, names: tuple[str, ...]) -> str:
    if not row.is_number or row.label in names:
        return row.label
    return names[int(row.label)] if int(row.label) < len(names) else row.label


def _located(row: _Row, folder: Path, found: dict[str, Path]) -> Path:
    if row.path:
        return folder / row.path
    return next((found[name] for name in row.video if name in found), folder / f"{row.video[0]}.mp4")
