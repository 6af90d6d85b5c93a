"""A network on recordings that it was not trained on: many views averaged, and one beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recognizers.data.ava import AvaData
from recognizers.data.naming import NamedData, named
from recognizers.data.sampling import Views
from recognizers.data.skeletons import SkeletonData
from recognizers.data.track import Tick
from recognizers.errors import DataError
from recognizers.estimators.base import ActorDetector
from recognizers.validation.ava import frame_figures
from recognizers.validation.figures import Said, figures
from recognizers.validation.footage import Footage
from recognizers.validation.joints import said_of
from recognizers.validation.material import NOTHING, Material, Which, material_of
from recognizers.validation.network import NEED_MORE, Asked

ONE = Views(1, 1)
"""One clip in the middle, one crop in the middle: what a single decision of the live service sees."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be validated, and how."""

    checkpoint: str
    """A path or `bundled:NAME`."""
    data: str
    """KIND:PATH; see `recognizers.data.naming`."""
    views: Views
    part: Which = "held_out"
    negatives: Sequence[Path] = ()
    """Films that show none of the actions."""
    false_alarms_per_hour: float | None = None
    """For which thresholds are chosen; `None`: they stay as they are."""
    threads: int = 1


def validated(
    asked: Asked, wanted: Wanted, detector: ActorDetector | None, tick: Tick
) -> tuple[dict[str, Any], Material]:
    """Figures of recordings by themselves, and what else there is in the data to watch.

    Args:
        detector: what finds people, for a network that tells people apart.

    Raises:
        DataError: the data cannot be read (nothing is left out of a figure), or is not what the network looks at.
    """
    data, kind = named(wanted.data), asked.card.kind
    _check(data, kind, wanted)
    if isinstance(data, AvaData):
        return frame_figures(asked, data, "train" if wanted.part == "training" else "val", detector, tick), NOTHING
    if isinstance(data, SkeletonData):
        return _of_joints(asked, data, wanted, tick), NOTHING
    material = material_of(data, asked.card, wanted.part, tick)
    return of_footage(asked, material.footage, wanted.views, tick), material


def of_footage(asked: Asked, footage: Sequence[Footage], views: Views, tick: Tick) -> dict[str, Any]:
    """Figures of the mean over `views`, and under `live` those of one view (see `figures`).

    Raises:
        DataError: a recording cannot be read, or none shows what the network knows.
    """
    _check_known(asked, [one.actions for one in footage])
    many = [said(asked, one, views) for one in ticking(footage, f"looking {views}", tick)]
    own: dict[str, Any] = {"views": str(views), **figures(many, asked.card)}
    if views == ONE:
        return own
    once = [said(asked, one, ONE) for one in ticking(footage, f"looking {ONE}", tick)]
    return {**own, "live": {"views": str(ONE), **figures(once, asked.card)}}


def said(asked: Asked, footage: Footage, views: Views) -> Said:
    return Said(footage.name, footage.group, footage.actions, asked.views(footage, views))


def ticking(footage: Sequence[Footage], what: str, tick: Tick) -> Iterator[Footage]:
    """Each, telling of progress."""
    for number, one in enumerate(footage, 1):
        yield one
        tick(what, number, len(footage))


def _of_joints(asked: Asked, data: SkeletonData, wanted: Wanted, tick: Tick) -> dict[str, Any]:
    given = data.load()
    parts = {"training": given.training, "calibration": given.calibration, "held_out": given.held_out}
    chosen = [one for own in parts.values() for one in own] if wanted.part == "all" else parts[wanted.part]
    some = list(said_of(asked, given, chosen, tick))
    _check_known(asked, [one.actions for one in some])
    return {"views": str(ONE), **figures(some, asked.card)}


def _check(data: NamedData, kind: str, wanted: Wanted) -> None:
    fits = {AvaData: "slowfast_actors", SkeletonData: "san"}.get(type(data))
    if fits is None and kind in NEED_MORE:
        raise DataError(f"{wanted.checkpoint} is a {kind}, which looks at {NEED_MORE[kind]}; {wanted.data} has none")
    if fits is not None and kind != fits:
        raise DataError(f"{wanted.data} is for a {fits}, and {wanted.checkpoint} is a {kind}; give data of pictures")


def _check_known(asked: Asked, shown: Sequence[tuple[str, ...]]) -> None:
    labels = set(asked.card.labels)
    if not any(set(actions) <= labels for actions in shown):
        names = sorted({action for actions in shown for action in actions})
        raise DataError(
            f"no recording shows what the network knows: they show {', '.join(names[:5])}, it says "
            f"{', '.join(asked.card.actions[:5])}; give data of the same labels"
        )
