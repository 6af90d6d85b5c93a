"""From a listing to tracks: small sets are decoded at once, of large ones what is asked for.

A video that cannot be read is left out of training, named and counted, and another one of its label is seen instead.
Of what a network is judged by none may be missing: a figure over what is left would be too good.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.listing import Listing, Recording
from recognizers.data.track import PARTS, DataSet, Part, Sampling, Tick, Track
from recognizers.errors import DataError

IN_MEMORY_BYTES = 2 << 30
"""Pictures of sets up to this size are decoded once and kept."""
_SHELF_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class _Film:
    part: Part
    recording: Recording
    pictures: FilmPictures


def load(
    listing: Listing,
    sampling: Sampling,
    tick: Tick,
    parts: Collection[Part] = PARTS,
    in_memory_bytes: int = IN_MEMORY_BYTES,
) -> DataSet:
    """The tracks of some parts; the others are empty.

    Raises:
        DataError: a label is not in the label map, or a video of which a figure is made cannot be read.
    """
    if listing.unknown:
        raise DataError(
            f"{listing.name} names labels that its label map does not hold: {', '.join(listing.unknown[:5])}; "
            "mend the names, or give the label map of this set"
        )
    films, unreadable = _opened(listing, sampling, parts, tick)
    side = sampling.side_px
    is_small = sum(len(film.pictures) for film in films) * side * side * 3 <= in_memory_bytes
    classes = classes_of(listing)
    tracks: dict[Part, list[Track]] = {part: [] for part in PARTS}
    for number, film in enumerate(films, start=1):
        try:
            tracks[film.part].append(_track(film, classes, sampling, is_small))
        except DataError as error:
            unreadable.append((film.part, str(error)))
        tick("reading clips", number, len(films))
    refuse_unreadable([why for part, why in unreadable if part != "training"])
    held_out = sorted({recording.group for recording in listing.parts()["held_out"]})
    shown = f"groups {', '.join(held_out)}" if len(held_out) <= 20 else f"{len(held_out)} groups"
    labels = (listing.background, *listing.labels)
    return DataSet(
        labels=labels,
        background=listing.background,
        training=tuple(tracks["training"]),
        calibration=tuple(tracks["calibration"]),
        held_out=tuple(tracks["held_out"]),
        description=(
            f"{listing.name}: {len(listing.recordings)} clips of {len(listing.labels)} actions; {shown} held out"
        ),
        together=together(labels, classes),
        unreadable=tuple(why for _, why in unreadable),
    )


def refuse_unreadable(whys: Sequence[str]) -> None:
    """Raises DataError where there is one: of what a network is judged by."""
    if whys:
        more = f" (and {len(whys) - 1} more)" if len(whys) > 1 else ""
        raise DataError(
            f"{len(whys)} of the videos that the network is judged by cannot be read, and no other may take their "
            f"place: {whys[0]}{more}"
        )


def classes_of(listing: Listing) -> list[tuple[str, ...]]:
    """What a moment can show: the background, then each label, or all that is seen to go on together."""
    none = (listing.background,)
    shown = {combination for recording in listing.recordings for combination in recording.combinations()}
    shown = {tuple(label for label in actions if label != listing.background) for actions in shown} - {()}
    if all(len(actions) == 1 for actions in shown):
        return [none, *((label,) for label in listing.labels)]
    return [none, *sorted(shown)]


def together(labels: tuple[str, ...], classes: Sequence[tuple[str, ...]]) -> tuple[tuple[int, ...], ...]:
    """The positions of each class's labels; none where every class is one label."""
    if all(len(actions) == 1 for actions in classes) and len(classes) == len(labels):
        return ()
    return tuple(tuple(labels.index(action) for action in actions) for actions in classes)


def labels_at(
    recording: Recording, length: int, rate_hz: float, classes: Sequence[tuple[str, ...]]
) -> NDArray[np.int64]:
    """`(length,)` the class of each picture of a recording."""
    if len(recording.combinations()) == 1:  # a view of one number: large sets hold many millions of pictures
        only = _class(recording.at(max(0.0, recording.start_s)), classes)
        return np.broadcast_to(np.int64(only), (length,))
    moments = recording.start_s + np.arange(length) / rate_hz
    spans = recording.spans
    on = np.stack([(span.start_s <= moments) & (moments < span.end_s) for span in spans])
    rows, which = np.unique(on, axis=1, return_inverse=True)
    of_row = [
        _class(tuple(sorted({span.label for span, is_on in zip(spans, row, strict=True) if is_on})), classes)
        for row in rows.T
    ]
    return np.array(of_row, np.int64)[which.ravel()]


def _class(actions: tuple[str, ...], classes: Sequence[tuple[str, ...]]) -> int:
    none = classes[0]
    return classes.index(tuple(action for action in actions if action not in none) or none)


def _opened(
    listing: Listing, sampling: Sampling, parts: Collection[Part], tick: Tick
) -> tuple[list[_Film], list[tuple[Part, str]]]:
    """The films of some parts; and of which part each is that cannot be opened, and why."""
    shelf = Shelf(_SHELF_BYTES)
    films: list[_Film] = []
    unreadable: list[tuple[Part, str]] = []
    wanted = [(part, one) for part, recordings in listing.parts().items() if part in parts for one in recordings]
    for number, (part, one) in enumerate(wanted, start=1):
        try:
            cut = Cut.square(sampling.side_px, one.region)
            pictures = FilmPictures(one.path, sampling.rate_hz, cut, shelf, one.start_s, one.end_s)
            films.append(_Film(part, one, pictures))
        except DataError as error:
            unreadable.append((part, str(error)))
        tick("opening clips", number, len(wanted))
    return films, unreadable


def _track(film: _Film, classes: Sequence[tuple[str, ...]], sampling: Sampling, is_small: bool) -> Track:
    one, pictures = film.recording, film.pictures
    labels = labels_at(one, len(pictures), sampling.rate_hz, classes)
    seen = pictures.decoded() if is_small else pictures
    return Track(one.name, f"group {one.group}", sampling.rate_hz, seen, labels)
