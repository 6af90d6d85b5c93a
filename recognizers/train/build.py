"""From plain values to a training plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recognizers.card import checkpoint_path, read_card
from recognizers.clip import ClipSpec
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.families import FAMILIES
from recognizers.nn.network import Size
from recognizers.train.begin import size_of
from recognizers.train.plan import SOURCES, TrainingPlan
from recognizers.train.recipe import Recipe


def training_plan(settings: Mapping[str, Any]) -> TrainingPlan:
    """A plan from the sections of a training file: network or begin, data, recipe, jitter, out.

    Raises:
        DataError: there is no such network, or it cannot learn from such data.
        CheckpointMismatch: the checkpoint to begin with is missing, damaged, or of nothing that can be trained.
    """
    data, begin = settings["data"], settings["begin"]
    network = _named(settings["network"]) if begin is None else _of_checkpoint(checkpoint_path(begin))
    plan = TrainingPlan(
        kind=network.kind,
        size=network.size,
        spec=network.spec,
        crop_px=network.crop_px,
        data=next(make(**data[name]) for name, make in SOURCES.items() if data[name]),
        recipe=Recipe(**settings["recipe"]),
        jitter=Jitter(**settings["jitter"]),
        out=Path(settings["out"]),
        licence=settings["licence"],
        multilabel=network.multilabel,
        begin=None if begin is None else checkpoint_path(begin),
        curves=settings["curves"],
    )
    plan.check()
    return plan


@dataclass(frozen=True, slots=True)
class _Network:
    kind: str
    size: Size
    spec: ClipSpec
    crop_px: int
    multilabel: bool


def _named(network: Mapping[str, Any]) -> _Network:
    try:
        size = FAMILIES[network["kind"]].named(network["size"], network["numbers"])
    except ValueError as error:
        raise DataError(f"network: {error}") from error
    spec = ClipSpec(size.frames, network["interval_s"], network["hop_s"], network["crop_px"])
    return _Network(network["kind"], size, spec, network["crop_px"], network["multilabel"])


def _of_checkpoint(path: Path) -> _Network:
    card = read_card(path)
    return _Network(card.kind, size_of(card, path), card.spec, card.crop_px, card.multilabel)
