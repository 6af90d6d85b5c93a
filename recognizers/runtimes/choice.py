"""Which runtime executes a network on this machine's CPU."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from recognizers.models.slowfast import SlowFast
from recognizers.runtimes.fastest import Runner, best_of, seconds, trial_clips
from recognizers.runtimes.folded import ByClip, FoldedSlowFast
from recognizers.runtimes.openvino import OpenVinoStages, is_installed

LOGITS = 1e-3
"""How much a logit may differ between runtimes of a CPU, or of itself where that is more."""


def available(runtime: str) -> str:
    """What is left of a wish: `auto` is torch where there is nothing to choose from."""
    return "torch" if runtime == "auto" and not is_installed() else runtime


def of_this_cpu(runtime: str, ways: Mapping[str, Callable[[], Runner]], says: Callable[[Runner], Tensor]) -> Runner:
    """What is to run a network, of ways by their runtimes, torch first.

    Args:
        runtime: one of them, or auto: the fastest that can be made and says the same as torch.
        says: the logits of a trial, as a way gives them.

    Raises:
        CheckpointMismatch: OpenVINO is asked for, and cannot run this network.
    """
    if runtime != "auto":
        return ways[runtime]()
    torchs = ways["torch"]()
    wanted = says(torchs)
    return best_of(
        {**ways, "torch": lambda: torchs},
        lambda way: torch.allclose(says(way), wanted, atol=LOGITS, rtol=LOGITS),
        lambda way: seconds(lambda: says(way)),
    )


@torch.inference_mode()
def after_stems(network: SlowFast, folded: FoldedSlowFast, crop_px: int, runtime: str, threads: int) -> ByClip | None:
    """What is to follow the stems of a folded network; `None` is torch. See `of_this_cpu`.

    Raises:
        CheckpointMismatch: OpenVINO is asked for, and cannot run this network.
    """
    runtime = available(runtime)
    if runtime == "torch":
        return None
    torch.set_num_threads(threads)
    (clip,) = trial_clips(1, network.size.frames, crop_px)
    stems = (folded.slow_stem(clip[:: folded.alpha]), folded.fast_stem(clip))
    ways: dict[str, Callable[[], ByClip | None]] = {
        "torch": lambda: None,
        "openvino": lambda: OpenVinoStages(network, *stems, threads),
    }
    return of_this_cpu(runtime, ways, lambda by_clip: folded.decide([stems]) if by_clip is None else by_clip(*stems))
