"""AVA (Gu et al., CVPR 2018): what each person does, in boxes, once a second of a film.

A folder with lists for training and validation (`ava_train_v2.2.csv`, `ava_val_v2.2.csv`): rows of `video, second, x1,
y1, x2, y2, action, person`, boxes in fractions of the picture, several rows where a person does several things, and rows
of `video, second` where nobody is; a label map (`*.pbtxt`; the one of 60 labels is what figures are made of, rows of
other labels are left out of them); and lists of seconds that are excluded (`*excluded*.csv`). Videos are `VIDEO.mp4` (or
`.mkv`, …) in whatever folder: whole films, or their minutes 15 to 30, as everybody cuts them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizers.data.actors import ActorSet, KeyedTrack, Moment
from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.listing import Listing, Recording, Span, found_videos, lines_of
from recognizers.data.loading import refuse_unreadable
from recognizers.data.track import PARTS, Part, Sampling, Tick
from recognizers.data.video import facts
from recognizers.errors import DataError

CUT_FROM_S = 900.0
"""The second of the film with which its cut begins."""
_ROWS = "rows of video, second, x1, y1, x2, y2, action, person, as ava_train_v2.2.csv"
_MAP = "items with a name and an id, as ava_action_list_v2.2_for_activitynet_2019.pbtxt"
_EVEN_PX = 32

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


@dataclass(frozen=True, slots=True)
class AvaData:
    """AVA, or what is annotated as it is."""

    path: Path
    videos: Path | None = None
    """Where the films are; None: with the lists."""
    background: str = "background"

    def annotations(self) -> AvaAnnotations:
        """Raises DataError where lists cannot be read."""
        return read_ava(self.path, self.videos)

    def listing(self) -> Listing:
        """Films with what anybody does in them, a second each; for checks."""
        given = self.annotations()
        recordings = tuple(
            Recording(video.path, video.path.stem, _spans(video, given.names), video.split) for video in given.videos
        )
        return Listing("AVA", tuple(given.names.values()), recordings)

    def load(self, sampling: Sampling, tick: Tick, parts: Collection[Part] = PARTS) -> ActorSet:
        """Films whose pictures are decoded when they are asked for, in the shape that most of them have; parts that are
        not asked for are empty.

        Raises:
            DataError: lists cannot be read, or films by which a network is judged.
        """
        given = self.annotations()
        places = {number: place for place, number in enumerate(given.names, start=1)}
        films = tuple(Recording(video.path, video.path.stem, (), video.split) for video in given.videos)
        part_of = {one.path: part for part, some in Listing("AVA", (), films).parts().items() for one in some}
        wanted = [video for video in given.videos if video.frames and part_of[video.path] in parts]
        cut, shelf = _shape(wanted, sampling.side_px), Shelf(1 << 30)
        tracks: dict[Part, list[KeyedTrack]] = {part: [] for part in PARTS}
        unreadable: list[tuple[Part, str]] = []
        for done, video in enumerate(wanted, start=1):
            part = part_of[video.path]
            try:
                tracks[part].append(_track(video, places, sampling.rate_hz, cut, shelf))
            except DataError as error:
                unreadable.append((part, str(error)))
            tick("opening films", done, len(wanted))
        refuse_unreadable([why for part, why in unreadable if part != "training"])
        return ActorSet(
            labels=(self.background, *given.names.values()),
            background=self.background,
            training=tuple(tracks["training"]),
            calibration=tuple(tracks["calibration"]),
            held_out=tuple(tracks["held_out"]),
            description=f"AVA: {sum(len(video.frames) for video in given.videos)} key frames of {len(given.videos)} films",
            unreadable=tuple(why for _, why in unreadable),
        )


def read_ava(folder: Path, videos: Path | None = None) -> AvaAnnotations:
    """Raises DataError where lists cannot be read, or lines of them are none."""
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder; give the one that holds {_ROWS}")
    names = _label_map(folder)
    excluded = {tuple(line.strip().split(",")[:2]) for path in folder.glob("*excluded*.csv") for _, line in lines_of(path, "video,second")}
    skipped = {(video, int(float(second))) for video, second in excluded}
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
            raise DataError(f"{path}:{number}: the box {box} is not left, top, right, bottom in fractions of the picture")
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


def _shape(videos: list[AvaVideo], short_side_px: int) -> Cut:
    """The size of a network's pictures: of the shape that most films have, sides in multiples of 32."""
    shapes: Counter[tuple[int, int]] = Counter()
    for video in videos:
        try:
            film = facts(video.path)
        except DataError:
            continue  # told where it is opened
        scale = short_side_px / min(film.height, film.width)
        high, wide = (max(1, round(side * scale / _EVEN_PX)) * _EVEN_PX for side in (film.height, film.width))
        shapes[high, wide] += 1
    (high, wide), _ = max(shapes.items(), key=lambda shape: (shape[1], shape[0]), default=((short_side_px, short_side_px), 0))
    return Cut(high, wide, central=False)


def _spans(video: AvaVideo, names: Mapping[int, str]) -> tuple[Span, ...]:
    try:
        begins_s = video.begins_s
    except DataError:
        begins_s = 0.0  # told where videos are looked at
    seen = {(frame.second, action) for frame in video.frames for person in frame.people for action in person.actions}
    return tuple(
        Span(names[action], max(0.0, second - begins_s - 0.5), second - begins_s + 0.5) for second, action in sorted(seen)
    )


def _track(video: AvaVideo, places: Mapping[int, int], rate_hz: float, cut: Cut, shelf: Shelf) -> KeyedTrack:
    pictures = FilmPictures(video.path, rate_hz, cut, shelf)
    moments, begins_s = [], video.begins_s
    for frame in video.frames:
        position = round((frame.second - begins_s) * rate_hz)
        if not 0 <= position < len(pictures):
            raise DataError(
                f"{video.path} lasts {len(pictures) / rate_hz:.0f} s and has no second {frame.second}, which is annotated; "
                f"it is the whole film, or begins at second {CUT_FROM_S:g} of it"
            )
        if frame.people:
            moments.append(_moment(frame, position, places))
    return KeyedTrack(video.path.stem, f"film {video.path.stem}", rate_hz, pictures, tuple(moments))


def _moment(frame: KeyFrame, position: int, places: Mapping[int, int]) -> Moment:
    truth = np.zeros((len(frame.people), len(places) + 1), np.float32)
    for row, person in zip(truth, frame.people, strict=True):
        row[[places[action] for action in person.actions] or [0]] = 1
    return Moment(position, np.array([person.box for person in frame.people], np.float32), truth)
