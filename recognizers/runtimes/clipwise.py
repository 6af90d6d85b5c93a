"""Any network of whole clips behind the `Recognizer` seam: nothing is remembered from clip to clip."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.clip import Clip
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.choice import available, of_this_cpu
from recognizers.runtimes.fastest import Look, trial_clips
from recognizers.runtimes.folding import without_norms
from recognizers.runtimes.gpu import chosen
from recognizers.runtimes.openvino import Compiled
from recognizers.transforms import normalised, region_square


class ClipRecognizer:
    """A network `(N, 3, T, H, W)` normalised → `(N, classes)`, on a GPU where there is one."""

    def __init__(
        self, network: nn.Module, card: Card, threads: int, runtime: str = "torch", share: float = 1.0
    ) -> None:
        """`share`: of the side of a region's central square, as much as the network sees."""
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads, self._share = card, threads, share
        device = own_device()
        cpu = device.type == "cpu"
        self._network = on_cpu(network, card, runtime, threads) if cpu else chosen(network, card, runtime, device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], _: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        shown = [region_square(clip, self._card.crop_px, self._share) for clip in clips]
        return self._network(torch.stack(shown)), [None] * len(clips)


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
    return of_this_cpu(available(runtime), ways, lambda look: look(clips))


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
