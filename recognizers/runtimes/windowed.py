"""A windowed recognizer: every clip is looked at whole; what is remembered of one only saves work on the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip, ClipSpec, Region
from recognizers.models.slowfast import SlowFast
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answers, on_device, own_device
from recognizers.runtimes.choice import after_stems
from recognizers.runtimes.fastest import Look
from recognizers.runtimes.folded import NOTHING_SEEN, FoldedSlowFast, Memory
from recognizers.runtimes.gpu import chosen
from recognizers.transforms import region_square


@dataclass(frozen=True, slots=True)
class _Known:
    """What the clip before leaves for the next of the same watch."""

    region: Region
    memory: Memory


class WindowedRecognizer:
    """A SlowFast network behind the `Recognizer` seam, on a GPU where there is one."""

    background: str
    labels: tuple[str, ...]
    spec: ClipSpec

    def __init__(self, network: SlowFast, card: Card, threads: int, runtime: str = "torch") -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card = card
        self._threads = threads
        self._device = own_device()
        self._hop = card.spec.hop
        self._network: FoldedSlowFast | Look
        if self._device.type == "cpu":
            self._network = FoldedSlowFast(network, card.mean, card.std).eval()
            self._network.by_clip = after_stems(network, self._network, card.crop_px, runtime, threads)
        else:
            self._network = chosen(network, card, runtime, self._device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        if not clips:
            return []
        with on_device(self._threads, len(clips)):
            logits, known = self._logits(
                torch.stack([region_square(clip, self._card.crop_px) for clip in clips]), clips, states
            )
            return answers(clips, logits, self._card, known)

    def _logits(
        self, pictures: Tensor, clips: Sequence[Clip], states: Sequence[State | None]
    ) -> tuple[Tensor, list[State | None]]:
        """`(N, T, 3, crop, crop)` uint8 → `(N, C)`, and what is known for the next clips."""
        if not isinstance(self._network, FoldedSlowFast):
            return self._network(pictures), [None] * len(clips)
        stems, known = [], []
        for picture, clip, state in zip(pictures, clips, states, strict=True):
            memory = state.memory if isinstance(state, _Known) and state.region == clip.region else NOTHING_SEEN
            stem, memory = self._network.look(picture, clip.pictures, memory, self._hop)
            stems.append(stem)
            known.append(_Known(clip.region, memory))
        return self._network.decide(stems), list(known)
