"""From plain values to a training plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from recognizers.clip import ClipSpec
from recognizers.data.actors import BenchPairData
from recognizers.data.ava import AvaData
from recognizers.data.lists import VideoListData
from recognizers.data.sets import ClipListData, WorkCellData
from recognizers.data.skeletons import SkeletonData
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.families import FAMILIES
from recognizers.train.plan import TrainingPlan
from recognizers.train.recipe import Recipe

_DATA: dict[str, Callable[..., Any]] = {
    "work_cell": WorkCellData,
    "clips": ClipListData,
    "kinetics": partial(VideoListData, "kinetics"),
    "charades": partial(VideoListData, "charades"),
    "splits": partial(VideoListData, "splits"),
    "folder": partial(VideoListData, "folder"),
    "recordings": partial(VideoListData, "recordings"),
    "ava": AvaData,
    "skeletons": SkeletonData,
    "bench_pairs": BenchPairData,
}


def training_plan(settings: Mapping[str, Any]) -> TrainingPlan:
    """A plan from the sections of a training file: network, data, recipe, jitter, out.

    Raises:
        DataError: there is no such network.
    """
    network, data = settings["network"], settings["data"]
    try:
        size = FAMILIES[network["kind"]].named(network["size"], network["numbers"])
    except (TypeError, ValueError) as error:
        raise DataError(f"network: {error}") from error
    if network["multilabel"] and not FAMILIES[network["kind"]].multilabel:
        raise DataError(f"network.multilabel: a {network['kind']} says one label at a time; train another kind")
    spec = ClipSpec(size.frames, network["interval_s"], network["hop_s"], network["crop_px"])
    return TrainingPlan(
        kind=network["kind"],
        size=size,
        spec=spec,
        crop_px=network["crop_px"],
        data=next(make(**data[name]) for name, make in _DATA.items() if data[name]),
        recipe=Recipe(**settings["recipe"]),
        jitter=Jitter(**settings["jitter"]),
        out=Path(settings["out"]),
        licence=settings["licence"],
        multilabel=network["multilabel"],
    )
