"""Every estimator of flow by its name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from recognizers.estimators.base import FlowEstimator
from recognizers.estimators.dis import PRESETS, DisFlow
from recognizers.estimators.rgb_difference import RgbDifference

FLOWS: dict[str, Callable[[], FlowEstimator]] = {
    **{f"dis_{preset}": partial(DisFlow, preset) for preset in PRESETS},
    "rgb_difference": RgbDifference,
}
