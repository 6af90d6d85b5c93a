"""From a data set to what a network is judged by."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from recognizers.card import Card
from recognizers.data.listing import Listing, Recording, Span
from recognizers.data.naming import Listed, PictureData
from recognizers.data.track import PARTS, DataSet, Part, Sampling, Tick, Track
from recognizers.errors import DataError
from recognizers.validation.footage import Footage, filmed, pieces

_SHORTEST_S = 1.0
"""Of a piece of a session: nobody could say what less than a second shows."""
Which = Literal["held_out", "calibration", "training", "all"]


@dataclass(frozen=True, slots=True)
class Material:
    """What a network is judged by."""

    labels: tuple[str, ...]
    background: str
    footage: tuple[Footage, ...]
    """Recordings and pieces of them, each of one thing (or, for a network that says several, of whatever goes on)."""
    sessions: tuple[Recording | Track, ...]
    """Recordings in which actions begin and end, for figures of events."""
    choosing: tuple[Recording | Track, ...]
    """The same of the part that choices are made by."""


NOTHING = Material((), "", (), (), ())


def material_of(data: PictureData, card: Card, which: Which, tick: Tick) -> Material:
    """Raises DataError where the data cannot be read, or has nothing for this."""
    return listed(data.listing(), card, which) if isinstance(data, Listed) else drawn(data, card, which, tick)


def drawn(data: PictureData, card: Card, which: Which, tick: Tick) -> Material:
    """Of data without files, as the simulated cell: drawn as the network sees it."""
    parts: Sequence[Part] = PARTS if which == "all" else (which, "calibration")
    given = data.load(Sampling(2 / card.spec.interval_s, card.crop_px), tick, parts)
    sides: dict[Part, tuple[Track, ...]] = {
        "training": given.training,
        "calibration": given.calibration,
        "held_out": given.held_out,
    }
    chosen = tuple(one for own in sides.values() for one in own) if which == "all" else sides[which]
    if not chosen:
        raise DataError(f"the data has no recording that is {which.replace('_', ' ')}; try --part all")
    return Material(
        given.labels,
        given.background,
        tuple(_pieces(given, chosen)),
        chosen,
        () if which == "all" else sides["calibration"],
    )


def listed(listing: Listing, card: Card, which: Which) -> Material:
    """Recordings of a data set's annotations.

    Raises:
        DataError: no recording is for this; or one shows several actions at once, and the network says one.
    """
    if which == "all":
        chosen, choosing = listing.recordings, tuple[Recording, ...]()
    else:
        parts = listing.parts()
        chosen, choosing = parts[which], parts["calibration"]
    if not chosen:
        raise DataError(f"{listing.name} has no recording that is {which.replace('_', ' ')}; try --part all")
    shown = list(chosen) if card.multilabel else [piece for one in chosen for piece in _by_span(one)]
    return Material(
        (listing.background, *listing.labels),
        listing.background,
        tuple(filmed(one, listing.background) for one in shown),
        tuple(one for one in chosen if _is_session(one)),
        tuple(one for one in choosing if _is_session(one)),
    )


def _pieces(data: DataSet, tracks: Sequence[Track]) -> Iterator[Footage]:
    for track in tracks:
        yield from pieces(track, data.labels, data.background, _SHORTEST_S)


def _by_span(recording: Recording) -> list[Recording]:
    """Each stretch in which one thing goes on."""
    if not recording.spans:
        return [recording]
    if len(recording.labels) > 1 and any(len(together) > 1 for together in recording.combinations()):
        raise DataError(
            f"{recording.path} shows several actions at once, and the network says one; give a network that was "
            "trained with multilabel: true"
        )
    return [_stretch(recording, span) for span in recording.spans]


def _stretch(recording: Recording, span: Span) -> Recording:
    ends = [end for end in (recording.end_s, span.end_s) if end is not None and math.isfinite(end)]
    return replace(
        recording,
        spans=(Span(span.label),),
        start_s=max(recording.start_s, span.start_s),
        end_s=min(ends, default=None),
    )


def _is_session(recording: Recording) -> bool:
    """Whether something begins or ends within it, and all of the file is looked at."""
    whole = recording.start_s == 0 and recording.end_s is None
    return whole and any(span.start_s > 0 or math.isfinite(span.end_s) for span in recording.spans)
