"""Which runtime executes a network on this machine's CPU."""

from __future__ import annotations

from statistics import median

import torch
from torch.utils.benchmark import Timer

from recognizers.models.slowfast import SlowFast
from recognizers.runtimes.folded import ByClip, FoldedSlowFast, Stems
from recognizers.runtimes.openvino import OpenVinoStages, is_installed

RUNTIMES = ("auto", "torch", "openvino")
_TRIALS = 5


@torch.inference_mode()
def settle(folded: FoldedSlowFast, network: SlowFast, crop_px: int, runtime: str, threads: int) -> None:
    """Give a folded network its runtime; `auto` measures, and takes OpenVINO where it is there and faster."""
    if runtime == "torch" or (runtime == "auto" and not is_installed()):
        return
    torch.set_num_threads(threads)
    clip = torch.zeros(network.size.frames, 3, crop_px, crop_px, dtype=torch.uint8)
    stems = (folded.slow_stem(clip[:: folded.alpha]), folded.fast_stem(clip))
    other = OpenVinoStages(network, *stems, threads)
    if runtime == "openvino" or _seconds(folded, stems, other) < _seconds(folded, stems, None):
        folded.by_clip = other


def _seconds(folded: FoldedSlowFast, stems: Stems, by_clip: ByClip | None) -> float:
    """For a clip; the median of a few trials."""
    folded.by_clip = by_clip
    timer = Timer("decide(stems)", globals={"decide": folded.decide, "stems": [stems]})
    took_s = median(timer.timeit(1).median for _ in range(_TRIALS))
    folded.by_clip = None
    return took_s
