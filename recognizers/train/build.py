"""From plain values to a training plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recognizers.clip import ClipSpec
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.families import FAMILIES
from recognizers.train.plan import SOURCES, TrainingPlan
from recognizers.train.recipe import Recipe


def training_plan(settings: Mapping[str, Any]) -> TrainingPlan:
    """A plan from the sections of a training file: network, data, recipe, jitter, out.

    Raises:
        DataError: there is no such network, or it cannot learn from such data.
    """
    network, data = settings["network"], settings["data"]
    try:
        size = FAMILIES[network["kind"]].named(network["size"], network["numbers"])
    except (TypeError, ValueError) as error:
        raise DataError(f"network: {error}") from error
    spec = ClipSpec(size.frames, network["interval_s"], network["hop_s"], network["crop_px"])
    return TrainingPlan(
        kind=network["kind"],
        size=size,
        spec=spec,
        crop_px=network["crop_px"],
        data=next(make(**data[name]) for name, make in SOURCES.items() if data[name]),
        recipe=Recipe(**settings["recipe"]),
        jitter=Jitter(**settings["jitter"]),
        out=Path(settings["out"]),
        licence=settings["licence"],
        multilabel=network["multilabel"],
    )
