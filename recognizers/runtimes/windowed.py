"""A windowed recognizer: every clip is looked at whole; what is remembered of one only saves work on the next."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip
from recognizers.models.slowfast import SlowFast
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.choice import after_stems
from recognizers.runtimes.fastest import Look
from recognizers.runtimes.folded import FoldedSlowFast
from recognizers.runtimes.gpu import chosen
from recognizers.transforms import region_square


class WindowedRecognizer:
    """A SlowFast network behind the `Recognizer` seam, on a GPU where there is one."""

    def __init__(self, network: SlowFast, card: Card, threads: int, runtime: str = "torch") -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        self._network: FoldedSlowFast | Look
        if device.type == "cpu":
            self._network = FoldedSlowFast(network, card.mean, card.std).eval()
            self._network.by_clip = after_stems(network, self._network, card.crop_px, runtime, threads)
        else:
            self._network = chosen(network, card, runtime, device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], states: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        pictures = torch.stack([region_square(clip, self._card.crop_px) for clip in clips])
        if not isinstance(self._network, FoldedSlowFast):
            return self._network(pictures), [None] * len(clips)
        stems, known = [], []
        for picture, clip, state in zip(pictures, clips, states, strict=True):
            stem, now = self._network.follow(picture, clip, state, self._card.spec.hop)
            stems.append(stem)
            known.append(now)
        return self._network.decide(stems), known
