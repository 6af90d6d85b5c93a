"""The annotations of AVA (Gu et al., CVPR 2018): what each person does, in boxes, once a second of a film.

A folder with lists for training and validation (`ava_train_v2.2.csv`, `ava_val_v2.2.csv`): rows of `video, second, x1,
y1, x2, y2, action, person`, boxes in fractions of the picture, several rows where a person does several things, and
rows of `video, second` where nobody is; a label map (`*.pbtxt`; the one of 60 labels is what figures are made of, rows
of other labels are left out of them); and lists of seconds that are excluded (`*excluded*.csv`). Videos are `VIDEO.mp4`
(or `.mkv`, …) in whatever folder: whole films, or their minutes 15 to 30, as everybody cuts them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recognizers.data.listing import found_videos, lines_of
from recognizers.data.video import facts
from recognizers.errors import DataError

CUT_FROM_S = 900.0
"""The second of the film with which its cut begins."""
_ROWS = "rows of video, second, x1, y1, x2, y2, action, person, as ava_train_v2.2.csv"
_SECONDS = "video,second a line"
_MAP = "items with a name and an id, as ava_action_list_v2.2_for_activitynet_2019.pbtxt"

Box = tuple[float, float, float, float]
"""xyxy in fractions of the picture."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a key frame."""

    box: Box
    actions: tuple[int, ...]
    """Numbers of the label map; those that it does not hold are left out."""


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """The truth of a second."""

    video: str
    second: int
    people: tuple[Person, ...]

    @property
    def key(self) -> str:
        """As the official figures name pictures."""
        return f"{self.video},{self.second:04d}"


@dataclass(frozen=True, slots=True)
class AvaVideo:
    """A film with its key frames, in order; those that are excluded are left out."""

    path: Path
    split: str
    """train or val."""
    frames: tuple[KeyFrame, ...]

    @property
    def begins_s(self) -> float:
        """The second of the film with which the file begins: that of the cut where the file is too short to be the
        whole film. Raises DataError where the file is no video."""
        is_whole = self.frames[-1].second <= facts(self.path).duration_s
        return 0.0 if is_whole else CUT_FROM_S


@dataclass(frozen=True, slots=True)
class AvaAnnotations:
    """All of a set's annotations."""

    names: Mapping[int, str]
    """The label map: names by number, in order."""
    videos: tuple[AvaVideo, ...]
    left_out: int
    """Rows whose label is not in the map."""

    def truth(self, split: str = "val") -> tuple[KeyFrame, ...]:
        """What detections of a side are judged by."""
        return tuple(frame for video in self.videos if video.split == split for frame in video.frames)


def read_ava(folder: Path, videos: Path | None = None) -> AvaAnnotations:
    """Raises DataError where lists cannot be read, or lines of them are none."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give the one that holds {_ROWS}")
    names = _label_map(folder)
    skipped = {pair for path in folder.glob("*excluded*.csv") for pair in _seconds(path)}
    found = found_videos(videos or folder)
    films: list[AvaVideo] = []
    left_out = 0
    for split in ("train", "val"):
        for path in sorted(folder.glob(f"*{split}*.csv")):
            if "excluded" in path.name:
                continue
            frames, unknown = _key_frames(path, names, skipped)
            left_out += unknown
            films += [
                AvaVideo(found.get(video, (videos or folder) / f"{video}.mp4"), split, tuple(own))
                for video, own in frames.items()
            ]
    if not films:
        raise DataError(f"{folder} holds no *train*.csv and no *val*.csv; each holds {_ROWS}")
    return AvaAnnotations(names, tuple(films), left_out)


def _seconds(path: Path) -> list[tuple[str, int]]:
    """Of a list of excluded seconds."""
    seconds = []
    for number, line in lines_of(path, _SECONDS):
        video, _, second = line.strip().partition(",")
        try:
            seconds.append((video, int(float(second))))
        except ValueError:
            raise DataError(f"{path}:{number}: {line!r} is no second of a film; the file holds {_SECONDS}") from None
    return seconds


def _label_map(folder: Path) -> dict[int, str]:
    maps = sorted(folder.glob("*.pbtxt"), key=lambda path: ("activitynet" not in path.name, path.name))
    if not maps:
        raise DataError(f"{folder} holds no label map, a .pbtxt of {_MAP}")
    text = "\n".join(line for _, line in lines_of(maps[0], _MAP))
    names = {}
    for block in re.findall(r"\{([^{}]*)\}", text):
        name = re.search(r'name:\s*"([^"]*)"', block)
        number = re.search(r"\b(?:id|label_id):\s*(\d+)", block)
        if name is None or number is None:
            raise DataError(f"{maps[0]}: an item has no name or no id; it holds {_MAP}")
        names[int(number[1])] = name[1]
    if not names or len(set(names.values())) != len(names):
        raise DataError(f"{maps[0]} names no label, or one twice; it holds {_MAP}")
    return dict(sorted(names.items()))


def _key_frames(
    path: Path, names: Mapping[int, str], skipped: set[tuple[str, int]]
) -> tuple[dict[str, list[KeyFrame]], int]:
    """Key frames by film, in order; and how many rows have a label that is not in the map."""
    people: dict[tuple[str, int], dict[tuple[Box, str], list[int]]] = {}
    left_out = 0
    for number, line in lines_of(path, _ROWS):
        words = [word.strip() for word in line.split(",")]
        try:
            video, second = words[0], int(float(words[1]))
            box = tuple(map(float, words[2:6]))
            action = int(words[6]) if box else 0
        except (IndexError, ValueError):
            raise DataError(f"{path}:{number}: {line!r} is no row; the file holds {_ROWS}") from None
        if box and not (len(box) == 4 and 0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
            raise DataError(
                f"{path}:{number}: the box {box} is not left, top, right, bottom in fractions of the picture"
            )
        if (video, second) in skipped:
            continue
        shown = people.setdefault((video, second), {})
        if box:
            own = shown.setdefault(((box[0], box[1], box[2], box[3]), words[7] if len(words) > 7 else ""), [])
            own += [action] if action in names else []
            left_out += action not in names
    frames: dict[str, list[KeyFrame]] = {}
    for (video, second), shown in sorted(people.items()):
        somebody = tuple(Person(box, tuple(sorted(actions))) for (box, _), actions in shown.items())
        frames.setdefault(video, []).append(KeyFrame(video, second, somebody))
    return frames, left_out
