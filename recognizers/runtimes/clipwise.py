"""Any network of whole clips behind the `Recognizer` seam: nothing is remembered from clip to clip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.clip import Clip, ClipSpec
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answers, on_device, own_device
from recognizers.runtimes.fastest import Look, Trial, fastest, seconds_of, trial_clips
from recognizers.runtimes.folding import without_norms
from recognizers.runtimes.gpu import chosen
from recognizers.runtimes.openvino import Compiled, is_installed
from recognizers.transforms import normalised, region_square


class ClipRecognizer:
    """A network `(N, 3, T, H, W)` normalised → `(N, classes)`, on a GPU where there is one."""

    background: str
    labels: tuple[str, ...]
    spec: ClipSpec

    def __init__(self, network: nn.Module, card: Card, threads: int, runtime: str = "torch") -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        cpu = device.type == "cpu"
        self._look = on_cpu(network, card, runtime, threads) if cpu else chosen(network, card, runtime, device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        if not clips:
            return []
        with on_device(self._threads, len(clips)):
            logits = self._look(torch.stack([region_square(clip, self._card.crop_px) for clip in clips]))
            return answers(clips, logits, self._card, [None] * len(clips))


@torch.inference_mode()
def on_cpu(network: nn.Module, card: Card, runtime: str, threads: int) -> Look:
    """A network on a CPU, clip by clip. `auto` measures, and takes OpenVINO where it is installed, faster and says
    the same."""
    torch.set_num_threads(threads)
    clips = trial_clips(1, card.spec.frames, card.crop_px)
    ways = {
        "torch": partial(_by_torch, network, card),
        "openvino": partial(_by_openvino, network, card, clips, threads),
    }
    if runtime != "auto" or not is_installed():
        return ways["openvino" if runtime == "openvino" else "torch"]()
    return fastest(ways, Trial(card, clips, network.eval()(normalised(clips, card.mean, card.std))), seconds_of)


def _by_torch(network: nn.Module, card: Card) -> Look:
    folded = without_norms(network)

    def look(clips: Tensor) -> Tensor:
        return torch.cat([folded(normalised(clip[None], card.mean, card.std)) for clip in clips])

    return look


def _by_openvino(network: nn.Module, card: Card, clips: Tensor, threads: int) -> Look:
    compiled = Compiled(network, (_seen(clips[:1], card),), threads)

    def look(clips: Tensor) -> Tensor:
        return torch.cat([compiled(_seen(clip[None], card))[0] for clip in clips])

    return look


def _seen(clips: Tensor, card: Card) -> Tensor:
    return normalised(clips, card.mean, card.std).contiguous()
