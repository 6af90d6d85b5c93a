"""Which runtime executes a network on this machine's CPU."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import torch
from torch.utils.benchmark import Timer

from recognizers.models.slowfast import SlowFast
from recognizers.runtimes.fastest import trial_clips
from recognizers.runtimes.folded import ByClip, FoldedSlowFast
from recognizers.runtimes.openvino import OpenVinoStages, is_installed

LOGITS = 1e-3
"""How much a logit may differ between runtimes of a CPU, or of itself where that is more."""
_TRIALS = 5


@torch.inference_mode()
def after_stems(network: SlowFast, folded: FoldedSlowFast, crop_px: int, runtime: str, threads: int) -> ByClip | None:
    """What is to follow the stems of a folded network; `None` is torch.

    `auto` measures, and takes OpenVINO where it is installed, says the same and is faster.
    """
    if runtime == "torch" or (runtime == "auto" and not is_installed()):
        return None
    torch.set_num_threads(threads)
    (clip,) = trial_clips(1, network.size.frames, crop_px)
    stems = (folded.slow_stem(clip[:: folded.alpha]), folded.fast_stem(clip))
    other = OpenVinoStages(network, *stems, threads)
    if runtime == "auto" and not torch.allclose(other(*stems), folded.decide([stems]), atol=LOGITS, rtol=LOGITS):
        return None
    is_chosen = runtime == "openvino" or seconds(lambda: other(*stems)) < seconds(lambda: folded.decide([stems]))
    return other if is_chosen else None


def seconds(decide: Callable[[], object]) -> float:
    """For a clip; the median of a few trials."""
    timer = Timer("decide()", globals={"decide": decide})
    return median(timer.timeit(1).median for _ in range(_TRIALS))
