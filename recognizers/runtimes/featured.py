"""Recognizers that look at one picture at a time: each picture of a watch is looked at once, however many of its clips
show it. Answers are those of the plain network, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from recognizers.card import Card
from recognizers.clip import Clip, ClipSpec
from recognizers.models.crnn import Crnn
from recognizers.models.single_frame import SingleFrame
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answers, on_device, own_device
from recognizers.runtimes.extractor import Extractor, View
from recognizers.runtimes.memory import NOTHING_SHOWN, Memory


class FeaturedRecognizer:
    """A network that decides by features of single pictures, on a GPU where there is one."""

    background: str
    labels: tuple[str, ...]
    spec: ClipSpec

    def __init__(self, network: SingleFrame | Crnn, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        self._extractor = Extractor(network.features, card, device)
        self._network = network.eval().to(device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip. Safe to call from one thread at a time.

        Raises:
            OutOfDeviceMemory: fewer clips at once may fit.
            DeviceFailed: not these; the next may be answered.
        """
        if not clips:
            return []
        with on_device(self._threads, len(clips)):
            known = self._extractor.remember([_view(*both) for both in zip(clips, states, strict=True)])
            logits = self._network.decide(torch.stack([memory.said for memory in known]))
            return answers(clips, logits, self._card, known)


def _view(clip: Clip, state: State | None) -> View:
    return View(clip.region, clip.pictures, state if isinstance(state, Memory) else NOTHING_SHOWN)
