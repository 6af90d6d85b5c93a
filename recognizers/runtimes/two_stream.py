"""A two-stream recognizer: each picture of a watch is looked at once and the flow of each pair is found once, however
many clips show them. Answers are those of the plain network, clip by clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.clip import Clip
from recognizers.models.fusions import Fusion
from recognizers.models.two_stream import TwoStream
from recognizers.nn.flow import repeats
from recognizers.recognizer import Answer, State
from recognizers.runtimes.answers import answered, own_device
from recognizers.runtimes.extractor import Extractor, View
from recognizers.runtimes.folding import folded_pictures
from recognizers.runtimes.memory import NOTHING_SHOWN, Memory, Shown, remembered


@dataclass(frozen=True, slots=True)
class _Known:
    """What the clip before leaves for the next of the same watch."""

    pictures: Memory
    """As the network sees them."""
    looked: Memory
    """What is known of single pictures."""
    moved: Memory
    """The flow from each to the next."""


_NOTHING = _Known(NOTHING_SHOWN, NOTHING_SHOWN, NOTHING_SHOWN)


class TwoStreamRecognizer:
    """A two-stream network behind the `Recognizer` seam, on a GPU where there is one; flow is found on the CPU."""

    def __init__(self, network: TwoStream, card: Card, threads: int) -> None:
        self.spec, self.labels, self.background = card.spec, card.labels, card.background
        self._card, self._threads = card, threads
        device = own_device()
        self._extractor = Extractor(nn.Identity(), card, device)
        self._network = network.eval()
        self._fusion = cast(Fusion, folded_pictures(network.fusion).to(device))

    def recognize(self, clips: Sequence[Clip], states: Sequence[State | None]) -> list[Answer]:
        """Answer each clip; see `answered`."""
        return answered(self._logits, clips, states, self._card, self._threads)

    def _logits(self, clips: Sequence[Clip], states: Sequence[State | None]) -> tuple[Tensor, Sequence[State | None]]:
        known = self._known(clips, [state if isinstance(state, _Known) else _NOTHING for state in states])
        pictures, looked, moved = (
            torch.stack([memory.said for memory in memories])
            for memories in zip(*((one.pictures, one.looked, one.moved) for one in known), strict=True)
        )
        return self._network.decided(self._fusion, looked, moved, repeats(pictures)), known

    def _known(self, clips: Sequence[Clip], before: Sequence[_Known]) -> list[_Known]:
        """What is known of each clip: of what the clip before showed too, nothing is found anew."""
        pictures = self._extractor.remember(
            [View(clip.region, clip.pictures, one.pictures) for clip, one in zip(clips, before, strict=True)]
        )
        regions = [clip.region for clip in clips]
        singles: list[list[Shown]] = [[(picture,) for picture in clip.pictures] for clip in clips]
        pairs: list[list[Shown]] = [list(zip(clip.pictures, clip.pictures[1:], strict=False)) for clip in clips]

        def look(missing: Sequence[Sequence[Shown]]) -> Tensor:
            looked: Tensor = self._fusion.look(_seen(pictures, missing))
            return looked

        def flow(missing: Sequence[Sequence[Shown]]) -> Tensor:
            earlier, later = ([[(pair[n],) for pair in pairs] for pairs in missing] for n in (0, 1))
            return self._network.flow(_seen(pictures, earlier), _seen(pictures, later))

        looked = remembered([one.looked for one in before], regions, singles, look)
        moved = remembered([one.moved for one in before], regions, pairs, flow)
        return [_Known(*three) for three in zip(pictures, looked, moved, strict=True)]


def _seen(memories: Sequence[Memory], shown: Sequence[Sequence[Shown]]) -> Tensor:
    """What is known of these, as one batch."""
    return torch.cat([memory.of(ones) for memory, ones in zip(memories, shown, strict=True)])
