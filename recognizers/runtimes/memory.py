"""What is known of what a watch showed, while its next clip may show it again: clips overlap.

What a network says of a single picture (or of two neighbours) does not depend on the clip they are in. Pictures are
known again by identity, which costs nothing; an equal picture is looked at anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

    def of(self, shown: Sequence[Shown]) -> Tensor:
        """`(len(shown), …)` what is known of these, which this clip showed."""
        places = self._places()
        return self.said[[places[_identity(one)] for one in shown]]

    def _places(self) -> dict[tuple[int, ...], int]:
        return {_identity(one): place for place, one in enumerate(self.shown)}


NOTHING_SHOWN = Memory(WHOLE_PICTURE, (), torch.empty(0))


def remembered(
    before: Sequence[Memory],
    regions: Sequence[Region],
    shown: Sequence[Sequence[Shown]],
    look: Callable[[Sequence[Sequence[Shown]]], Tensor],
) -> list[Memory]:
    """What is known of each of several clips, after what was known of the clip before each.

    Args:
        look: says, of what each clip shows that is not known yet, what there is to say: one batch, clip after clip. Is
            not asked where everything is known.
    """
    missing = [memory.missing(region, ones) for memory, region, ones in zip(before, regions, shown, strict=True)]
    counts = [len(one) for one in missing]
    said = torch.split(look(missing), counts) if any(counts) else [torch.empty(0)] * len(counts)
    return [
        memory.then(region, ones, new, new_said)
        for memory, region, ones, new, new_said in zip(before, regions, shown, missing, said, strict=True)
    ]


def _identity(shown: Shown) -> tuple[int, ...]:
    return tuple(map(id, shown))
