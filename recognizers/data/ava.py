"""AVA as a data set: films with moments in which everybody is in a box and has labels. See `ava_lists`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recognizers.data.actors import ActorSet, KeyedTrack, Moment
from recognizers.data.ava_lists import CUT_FROM_S, AvaAnnotations, AvaVideo, KeyFrame, read_ava
from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.listing import Listing, Recording, Span
from recognizers.data.loading import refuse_unreadable
from recognizers.data.track import PARTS, Part, Sampling, Tick
from recognizers.data.video import facts
from recognizers.errors import DataError
from recognizers.transforms import fitted_size

_SHELF_BYTES = 1 << 30


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
        cut, shelf = _shape(wanted, sampling.side_px), Shelf(_SHELF_BYTES)
        tracks: dict[Part, list[KeyedTrack]] = {part: [] for part in PARTS}
        unreadable: list[tuple[Part, str]] = []
        for done, video in enumerate(wanted, start=1):
            part = part_of[video.path]
            try:
                track = _track(video, places, sampling.rate_hz, cut, shelf)
                tracks[part] += [track] if track.moments else []
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
            description=f"AVA: {len(given.truth('train'))} key frames to train on, {len(given.truth())} held out",
            unreadable=tuple(why for _, why in unreadable),
        )


def _shape(videos: list[AvaVideo], short_side_px: int) -> Cut:
    """The size of a network's pictures: of the shape that most films have, sides in multiples of 32."""
    shapes: Counter[tuple[int, int]] = Counter()
    for video in videos:
        try:
            film = facts(video.path)
        except DataError:
            continue  # told where it is opened
        shapes[fitted_size(film.height, film.width, short_side_px)] += 1
    square = short_side_px, short_side_px
    high, wide = max(shapes, key=lambda shape: (shapes[shape], shape), default=square)
    return Cut(high, wide, central=False)


def _spans(video: AvaVideo, names: Mapping[int, str]) -> tuple[Span, ...]:
    try:
        begins_s = video.begins_s
    except DataError:
        begins_s = 0.0  # told where videos are looked at
    seen = {(frame.second, action) for frame in video.frames for person in frame.people for action in person.actions}
    return tuple(
        Span(names[action], max(0.0, second - begins_s - 0.5), second - begins_s + 0.5)
        for second, action in sorted(seen)
    )


def _track(video: AvaVideo, places: Mapping[int, int], rate_hz: float, cut: Cut, shelf: Shelf) -> KeyedTrack:
    pictures = FilmPictures(video.path, rate_hz, cut, shelf)
    moments, begins_s = [], video.begins_s
    for frame in video.frames:
        position = round((frame.second - begins_s) * rate_hz)
        if not 0 <= position < len(pictures):
            raise DataError(
                f"{video.path} lasts {len(pictures) / rate_hz:.0f} s and has no second {frame.second}, which is "
                f"annotated; it is to be the whole film, or to begin at second {CUT_FROM_S:g} of it"
            )
        if frame.people:
            moments.append(_moment(frame, position, places))
    return KeyedTrack(video.path.stem, f"film {video.path.stem}", rate_hz, pictures, tuple(moments))


def _moment(frame: KeyFrame, position: int, places: Mapping[int, int]) -> Moment:
    truth = np.zeros((len(frame.people), len(places) + 1), np.float32)
    for row, person in zip(truth, frame.people, strict=True):
        row[[places[action] for action in person.actions] or [0]] = 1
    return Moment(position, np.array([person.box for person in frame.people], np.float32), truth)
