"""From plain values to a training plan."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recognizers.clip import ClipSpec
from recognizers.data.sets import ClipListData, WorkCellData
from recognizers.data.windows import Jitter
from recognizers.models.slowfast import SIZES
from recognizers.train.plan import Recipe, TrainingPlan


def training_plan(settings: Mapping[str, Any]) -> TrainingPlan:
    """A plan from the sections of a training file: network, data, recipe, jitter, out."""
    network, data = settings["network"], settings["data"]
    size = SIZES[network["size"]]()
    spec = ClipSpec(size.frames, network["interval_s"], network["hop_s"], network["crop_px"])
    return TrainingPlan(
        size=size,
        spec=spec,
        crop_px=network["crop_px"],
        data=WorkCellData(**data["work_cell"]) if data["work_cell"] else ClipListData(**data["clips"]),
        recipe=Recipe(**settings["recipe"]),
        jitter=Jitter(**settings["jitter"]),
        out=Path(settings["out"]),
    )
