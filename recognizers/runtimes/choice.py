"""Which runtime executes a network on this machine's CPU."""

from __future__ import annotations

import logging
from collections.abc import Callable
from statistics import median
from typing import TypeVar

import torch
from torch import Tensor
from torch.utils.benchmark import Timer

from recognizers.models.slowfast import SlowFast
from recognizers.runtimes.fastest import FAILURES, trial_clips
from recognizers.runtimes.folded import ByClip, FoldedSlowFast
from recognizers.runtimes.openvino import OpenVinoStages, is_installed

LOGITS = 1e-3
"""How much a logit may differ between runtimes of a CPU, or of itself where that is more."""
_TRIALS = 5
_log = logging.getLogger(__name__)

Other = TypeVar("Other")


def instead(
    make: Callable[[], Other], says: Callable[[Other], Tensor], plain: Callable[[], Tensor], runtime: str
) -> Other | None:
    """What `make` makes for OpenVINO, if it is to run in torch's place; `None` where torch is.

    Args:
        says: its logits of a trial; `plain` says torch's of the same.
        runtime: openvino, or auto: only if it can be made, says the same and is faster.

    Raises:
        CheckpointMismatch: OpenVINO is asked for, and cannot run this network.
    """
    if runtime == "openvino":
        return make()
    wanted = plain()
    try:
        other = make()
        if not torch.allclose(says(other), wanted, atol=LOGITS, rtol=LOGITS):
            _log.info("openvino is left out: it says something else than torch")
            return None
        is_faster = seconds(lambda: says(other)) < seconds(plain)
    except FAILURES as error:
        _log.info("openvino is left out: %s", error)
        return None
    return other if is_faster else None


@torch.inference_mode()
def after_stems(network: SlowFast, folded: FoldedSlowFast, crop_px: int, runtime: str, threads: int) -> ByClip | None:
    """What is to follow the stems of a folded network; `None` is torch.

    `auto` measures, and takes OpenVINO where it is installed, says the same and is faster.

    Raises:
        CheckpointMismatch: OpenVINO is asked for, and cannot run this network.
    """
    if runtime == "torch" or (runtime == "auto" and not is_installed()):
        return None
    torch.set_num_threads(threads)
    (clip,) = trial_clips(1, network.size.frames, crop_px)
    stems = (folded.slow_stem(clip[:: folded.alpha]), folded.fast_stem(clip))
    return instead(
        lambda: OpenVinoStages(network, *stems, threads),
        lambda stages: stages(*stems),
        lambda: folded.decide([stems]),
        runtime,
    )


def seconds(decide: Callable[[], object]) -> float:
    """For a clip; the median of a few trials."""
    timer = Timer("decide()", globals={"decide": decide})
    return median(timer.timeit(1).median for _ in range(_TRIALS))
