"""What a mirror makes of labels: a left hand is a right one there."""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor

from recognizers.errors import DataError
from recognizers.train.recipe import Recipe

_SIDES = {"left": "right", "right": "left"}
_SIDE = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)


def mirror_of(labels: Sequence[str], recipe: Recipe) -> Tensor:
    """`(C,)` int64: the label that each becomes.

    Raises:
        DataError: the recipe names a label that there is not, or one twice; or clips are to be mirrored, two labels are
            each other's other side by their names, and the recipe does not say so.
    """
    becomes = _both_ways(recipe)
    if unknown := sorted(set(becomes) - set(labels)):
        raise DataError(f"recipe.mirrored: no label {', '.join(unknown)}; there are: {', '.join(labels)}")
    if recipe.flip and (sided := [label for label in labels if _other_side(label) in labels and label not in becomes]):
        raise DataError(
            f"recipe.flip: {' and '.join(sided[:2])} are each other's mirror pictures; give "
            f"recipe.mirrored: {{{sided[0]}: {_other_side(sided[0])}}}, or leave flip out"
        )
    return torch.tensor([labels.index(becomes.get(label, label)) for label in labels])


def _both_ways(recipe: Recipe) -> dict[str, str]:
    named = [*recipe.mirrored.keys(), *recipe.mirrored.values()]
    if repeated := sorted({label for label in named if named.count(label) > 1}):
        raise DataError(f"recipe.mirrored names {', '.join(repeated)} more than once; give each pair once, one way")
    return {**recipe.mirrored, **{other: one for one, other in recipe.mirrored.items()}}


def _other_side(label: str) -> str | None:
    """The label's own words with the sides exchanged; None where it names no side."""
    other = _SIDE.sub(lambda side: _SIDES[side[0].lower()], label)
    return None if other == label else other
