"""A recurrent recognizer that carries its state on: each picture moves it once, and it may remember what happened
before the clip.

It begins anew, with all pictures of a clip, wherever clips do not follow each other: in another epoch or region, or
after a clip that was not looked at. A slot of the clip without a picture of its own is a step all the same, so that
steps keep the time. What was learned from single clips may drift on a stream without breaks; running the recurrent part
over every clip anew (`FeaturedRecognizer`) does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recognizers.card import Card
from recognizers.clip import Clip
from recognizers.models.crnn import Crnn
from recognizers.nn.steps import mean_of_steps
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.extractor import Extractor, View
from recognizers.runtimes.memory import NOTHING_SHOWN, Memory


@dataclass(frozen=True, slots=True, repr=False)
class _Carried:
    """Where a watch stands after a clip."""

    epoch: int
    index: int
    end: float
    """Media seconds of the newest picture's slot."""
    memory: Memory
    """Of the pictures that were new: the next clip may repeat one."""
    hidden: Tensor
    """See `Crnn.steps`."""
    said: Tensor
    """`(K, C)` the newest steps' logits, as many as count."""

    def is_before(self, clip: Clip) -> bool:
        place = (self.epoch, self.index + 1, self.memory.region)
        return place == (clip.epoch, clip.index, clip.region)


class CarriedRecognizer:
    """A `Crnn` behind the `Recognizer` seam, on a GPU where there is one. A clip's score is the mean of the scores of
    as many steps as count in the plain network."""

    def __init__(self, network: Crnn, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        self._extractor = Extractor(network.features, card, device)
        self._network = network.eval().to(device)
        self._counted = network.size.frames - network.size.cold

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], states: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        before = [_known(clip, state) for clip, state in zip(clips, states, strict=True)]
        seen = self._extractor.remember([self._new(*both) for both in zip(clips, before, strict=True)])
        after = [self._after(*all_three) for all_three in zip(clips, before, seen, strict=True)]
        return mean_of_steps(torch.stack([carried.said for carried in after])), after

    def _new(self, clip: Clip, before: _Carried | None) -> View:
        """The pictures that are later than those of the clip before."""
        if before is None:
            return View(clip.region, clip.pictures, NOTHING_SHOWN)
        count = round((clip.end - before.end) / self.spec.interval_s)
        return View(clip.region, clip.pictures[-count:], before.memory)

    def _after(self, clip: Clip, before: _Carried | None, seen: Memory) -> _Carried:
        said, hidden = self._network.steps(seen.said[None], None if before is None else before.hidden)
        said = said[0] if before is None else torch.cat((before.said, said[0]))
        return _Carried(clip.epoch, clip.index, clip.end, seen, hidden, said[-self._counted :].clone())


def _known(clip: Clip, state: State | None) -> _Carried | None:
    return state if isinstance(state, _Carried) and state.is_before(clip) else None
