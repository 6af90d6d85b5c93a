"""Features of pictures: those of all clips that are not known yet, in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from recognizers.card import Card
from recognizers.clip import Picture, Region
from recognizers.runtimes.folding import folded_pictures
from recognizers.runtimes.memory import Memory, Shown, remembered
from recognizers.transforms import crop_to_region, normalised, square

_AT_ONCE = 32
"""Pictures; more of them would only take memory."""


@dataclass(frozen=True, slots=True, repr=False)
class View:
    """Pictures whose features are wanted, and what was known before."""

    region: Region
    pictures: Sequence[Picture]
    memory: Memory


class Extractor:
    """Runs what looks at single pictures, `(M, 3, H, W)` normalised → `(M, …)`. The memory is the caller's."""

    def __init__(self, look: nn.Module, card: Card, device: torch.device) -> None:
        self._look = folded_pictures(look).to(device)
        self._card, self._device = card, device

    def remember(self, views: Sequence[View]) -> list[Memory]:
        """What is known of each view: `said` are its pictures' features, `(len(pictures), …)`."""
        regions = [view.region for view in views]

        def look(missing: Sequence[Sequence[Shown]]) -> Tensor:
            squares = [self._squares(*both) for both in zip(regions, missing, strict=True) if both[1]]
            return self._features(torch.cat(squares))

        shown: list[list[Shown]] = [[(picture,) for picture in view.pictures] for view in views]
        return remembered([view.memory for view in views], regions, shown, look)

    def _squares(self, region: Region, shown: Sequence[Shown]) -> Tensor:
        """`(m, 3, crop, crop)` uint8."""
        return square([crop_to_region(picture, region) for (picture,) in shown], self._card.crop_px)

    def _features(self, squares: Tensor) -> Tensor:
        """Of each clip's new pictures."""
        seen = normalised(squares.to(self._device)[:, None], self._card.mean, self._card.std)[:, :, 0]
        seen = seen.contiguous(memory_format=torch.channels_last)
        return torch.cat([self._look(some) for some in torch.split(seen, _AT_ONCE)])
