"""Recordings of our own service: a folder of clips and `labels.jsonl`, which says what each shows.

One JSON object a line:

    {"path": "clips/0001.mp4", "label": "tighten", "start_s": 2.0, "end_s": 5.5, "group": "anna", "stream": "cell-4"}

`path` is relative to the folder. `start_s` and `end_s` are seconds from the first picture of the clip between which the
label goes on; null or left out: from its beginning, to its end. A clip may have several lines, also of labels that go
on at once; what lies outside of all of them is background, and so is a clip whose label is empty. `group` says who or
what was recorded (person, shift, day): clips of one group are never on both sides of a figure; left out, it is the
stream.
`region` (left, top, right, bottom in fractions of the picture) is what is looked at; left out, all of it.
`split` (train, val or test) puts a clip where it belongs; left out, groups decide. Other keys are for other readers.
"""

from __future__ import annotations

import fcntl
import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.data.listing import SPLITS, Listing, Recording, Span, lines_of
from recognizers.errors import DataError
from recognizers.files import write_whole

LABELS_FILE = "labels.jsonl"
_HOLDS = "one JSON object a line with path and label"
_TEXTS, _NUMBERS = ("path", "label", "group", "stream", "split"), ("start_s", "end_s")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A line of `labels.jsonl`."""

    path: str
    """Of the clip, relative to the folder."""
    label: str
    """Empty: none of the actions."""
    start_s: float | None = None
    """From here on in the clip; None: from its beginning."""
    end_s: float | None = None
    """Up to here; None: to its end."""
    group: str = ""
    """Who or what was recorded; empty: the stream."""
    stream: str = ""
    split: str = ""
    region: tuple[float, float, float, float] | None = None
    """What is looked at of the picture: left, top, right, bottom in fractions of it; None: all."""

    def __post_init__(self) -> None:
        start_s, end_s = self.start_s or 0.0, self.end_s
        if not self.path:
            raise DataError("path is empty; it is the clip's, relative to the folder")
        if start_s < 0 or (end_s is not None and end_s <= start_s):
            raise DataError(f"start_s is {self.start_s} and end_s {end_s}; the label needs 0 <= start_s < end_s")
        if self.split not in ("", *SPLITS):
            raise DataError(f"split is {self.split!r}; it is one of {', '.join(SPLITS)}, or left out")
        try:
            self.looked_at()
        except (TypeError, ValueError) as error:
            raise DataError(f"region is {self.region!r}; it is left, top, right, bottom ({error})") from None

    def looked_at(self) -> Region:
        """What is looked at."""
        return WHOLE_PICTURE if self.region is None else Region(*self.region)


def append(folder: Path, *lines: Labelled) -> None:
    """Say what a clip shows, at the end of the folder's `labels.jsonl`; on disk when this returns.

    A line that was cut off there, as by a loss of power, is ended first: it is refused when read, and spoils no other.
    """
    folder.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(asdict(line), ensure_ascii=False) + "\n" for line in lines)
    with _alone(folder), (folder / LABELS_FILE).open("a+b") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read(1))[1] != b"\n":
            text = "\n" + text
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def forget(folder: Path, path: str) -> bool:
    """Take away all lines of a clip, and then the clip; False where there is no line of it. Others stay as they are."""
    with _alone(folder):
        lines = (folder / LABELS_FILE).read_bytes().splitlines(keepends=True)
        left = [line for line in lines if _path_of(line) != path]
        if len(left) == len(lines):
            return False
        write_whole(folder / LABELS_FILE, b"".join(left))
    clip = (folder / path).resolve()
    if clip.is_relative_to(folder.resolve()):  # what lies elsewhere is somebody else's
        clip.unlink(missing_ok=True)
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While nobody else, also no other process, changes what the folder's lines say."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _path_of(line: bytes) -> str | None:
    try:
        said = json.loads(line)
    except ValueError:
        return None
    return said.get("path") if isinstance(said, dict) else None


def labelled(folder: Path) -> list[Labelled]:
    """The lines of a folder's `labels.jsonl`.

    Raises:
        DataError: it cannot be read; or a line is none, said with its number.
    """
    listing = folder / LABELS_FILE
    lines = lines_of(listing, _HOLDS)
    return [_parsed(f"{listing}:{number}", line) for number, line in lines]


def read_recordings(folder: Path, held_out_every: int = 3) -> Listing:
    """Raises DataError where a line is none."""
    lines = labelled(folder)
    by_path: dict[str, list[Labelled]] = {}
    for line in lines:
        by_path.setdefault(line.path, []).append(line)
    if not by_path:
        raise DataError(f"{folder / LABELS_FILE} names no clip; it holds {_HOLDS}")
    return Listing(
        name=f"recordings of {folder.name}",
        labels=tuple(sorted({line.label for line in lines} - {"", "background"})),
        recordings=tuple(_recording(folder, own) for own in by_path.values()),
        held_out_every=held_out_every,
    )


def _recording(folder: Path, lines: list[Labelled]) -> Recording:
    groups, splits = {line.group or line.stream for line in lines}, {line.split for line in lines}
    path, regions = folder / lines[0].path, {line.looked_at() for line in lines}
    if len(regions) > 1:
        raise DataError(f"{path} has lines of several regions; give it one")
    if len(groups) > 1 or len(splits) > 1:
        said = ", ".join(sorted(groups | splits))
        raise DataError(f"{path} has lines of several groups or splits ({said}); give it one")
    spans = tuple(
        Span(line.label, line.start_s or 0.0, *(() if line.end_s is None else (line.end_s,)))
        for line in lines
        if line.label
    )
    return Recording(path, groups.pop(), spans, splits.pop(), region=regions.pop())


def _parsed(where: str, line: str) -> Labelled:
    try:
        given: Any = json.loads(line)
    except json.JSONDecodeError as error:
        raise DataError(f"{where}: is no JSON ({error.msg}); a line is {_HOLDS}") from None
    if not isinstance(given, dict) or not {"path", "label"} <= set(given):
        raise DataError(f"{where}: a line is {_HOLDS}")
    known = {key: given[key] for key in (*_TEXTS, *_NUMBERS) if given.get(key) is not None}
    for key, value in known.items():
        if not (_is_number(value) if key in _NUMBERS else isinstance(value, str)):
            raise DataError(f"{where}: {key} is {value!r}; it is a {'number' if key in _NUMBERS else 'text'}")
    if isinstance(region := given.get("region"), list):
        known["region"] = tuple(region)
    if not {"path", "label"} <= set(known):
        raise DataError(f"{where}: path and label are texts; a label that is empty is background")
    try:
        return Labelled(**known)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
