"""What is known of what a watch showed, while its next clip may show it again: clips overlap.

What a network says of a single picture (or of two neighbours) does not depend on the clip they are in. Pictures are
known again by identity, which costs nothing; an equal picture is looked at anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recognizers.clip import WHOLE_PICTURE, Picture, Region

Shown = tuple[Picture, ...]
"""A picture, or several that were looked at together, as two are for optical flow."""


@dataclass(frozen=True, slots=True, repr=False)
class Memory:
    """What is known of what one clip showed, in its order; never more than that."""

    region: Region
    """Where was looked; what was seen there says nothing of elsewhere."""
    shown: tuple[Shown, ...]
    """Held, so that no other picture can take their identity."""
    said: Tensor
    """`(len(shown), …)` what is known of each."""

    def __repr__(self) -> str:
        return f"Memory({len(self.shown)} shown, {tuple(self.said.shape)})"

    def missing(self, region: Region, shown: Sequence[Shown]) -> tuple[Shown, ...]:
        """What of a clip must be looked at; what it shows twice, once."""
        known = self._places() if region == self.region else {}
        return tuple({_identity(one): one for one in shown if _identity(one) not in known}.values())

    def then(self, region: Region, shown: Sequence[Shown], missing: Sequence[Shown], said: Tensor) -> Memory:
        """What is known of a clip after this one, with what was `said` of what was `missing`."""
        rows = {key: self.said[place] for key, place in self._places().items()} if region == self.region else {}
        rows |= {_identity(one): row for one, row in zip(missing, said, strict=True)}
        return Memory(region, tuple(shown), torch.stack([rows[_identity(one)] for one in shown]))

    def _places(self) -> dict[tuple[int, ...], int]:
        return {_identity(one): place for place, one in enumerate(self.shown)}


NOTHING_SHOWN = Memory(WHOLE_PICTURE, (), torch.empty(0))


def _identity(shown: Shown) -> tuple[int, ...]:
    return tuple(map(id, shown))
