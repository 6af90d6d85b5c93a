"""Recognizers that look at one picture at a time: each picture of a watch is looked at once, however many of its clips
show it. Answers are those of the plain network, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip
from recognizers.models.crnn import Crnn
from recognizers.models.single_frame import SingleFrame
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.extractor import Extractor, View
from recognizers.runtimes.memory import NOTHING_SHOWN, Memory


class FeaturedRecognizer:
    """A network that decides by features of single pictures, on a GPU where there is one."""

    def __init__(self, network: SingleFrame | Crnn, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        self._extractor = Extractor(network.features, card, device)
        self._network = network.eval().to(device)

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], states: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        known = self._extractor.remember([_view(*both) for both in zip(clips, states, strict=True)])
        return self._network.decide(torch.stack([memory.said for memory in known])), known


def _view(clip: Clip, state: State | None) -> View:
    return View(clip.region, clip.pictures, state if isinstance(state, Memory) else NOTHING_SHOWN)
