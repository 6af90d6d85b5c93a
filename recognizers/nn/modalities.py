"""What a skeleton network looks at: where joints are, how bones lie, how joints move; whoever it is, wherever."""

from __future__ import annotations

import torch
from torch import Tensor

from recognizers.nn.skeletons import Layout, Pair

MODALITIES = ("joints", "bones", "motion")

_UPRIGHT = (0, 2)
"""Turning about the vertical moves x and z."""


def standardised(skeletons: Tensor, layout: Layout) -> Tensor:
    """`(N, D + 1, T, J)` → the same in lengths of the trunk, of a body that faces the camera (D is 3).

    The unit and the turn are one for the whole clip, so that what changes within it stays visible.
    """
    places, seen = skeletons[:, :-1], skeletons[:, -1:]
    if layout.trunk:
        places = places / _trunk(places, seen, layout.trunk)
    if places.shape[1] == 3 and layout.across:
        places = _facing(places, seen, layout.across)
    return torch.cat((places, seen), dim=1)


def modality(name: str, standard: Tensor, layout: Layout) -> Tensor:
    """`(N, D + 1, T, J)` of `standardised` → `(N, D + 1, T, J)`, or with as many bones as there are in place of J.

    Joints count from the root of their own frame; motion is the way from the frame before, root and all (Cho et al.
    look a frame ahead, which a camera cannot). The last channel says whether what it needs was seen.
    """
    places, seen = standard[:, :-1], standard[:, -1:]
    if name == "joints":
        return torch.cat(((places - _origin(places, seen, layout.root)) * seen, seen), dim=1)
    if name == "bones":
        starts, ends = (list(side) for side in zip(*layout.bones, strict=True))
        both = seen[..., starts] * seen[..., ends]
        return torch.cat(((places[..., ends] - places[..., starts]) * both, both), dim=1)
    moved = torch.zeros_like(places)
    both = torch.zeros_like(seen)
    both[:, :, 1:] = seen[:, :, 1:] * seen[:, :, :-1]
    moved[:, :, 1:] = (places[:, :, 1:] - places[:, :, :-1]) * both[:, :, 1:]
    return torch.cat((moved, both), dim=1)


def _mean(values: Tensor, weights: Tensor, dims: tuple[int, ...]) -> Tensor:
    """Mean of what was seen; 0 of nothing."""
    return (values * weights).sum(dims, keepdim=True) / weights.sum(dims, keepdim=True).clamp(min=1e-6)


def _origin(places: Tensor, seen: Tensor, root: tuple[int, ...]) -> Tensor:
    """`(N, D, T, 1)` of the root in each frame, or `(N, D, 1, 1)` of the whole track where there is none."""
    if not root:
        return _mean(places, seen, (2, 3))
    return _mean(places[..., list(root)], seen[..., list(root)], (3,))


def _links(places: Tensor, seen: Tensor, pairs: tuple[Pair, ...]) -> tuple[Tensor, Tensor]:
    """Ways along pairs of joints `(N, D, T, K)`, and whether both were seen `(N, 1, T, K)`."""
    starts, ends = (list(side) for side in zip(*pairs, strict=True))
    return places[..., ends] - places[..., starts], seen[..., starts] * seen[..., ends]


def _trunk(places: Tensor, seen: Tensor, trunk: tuple[Pair, ...]) -> Tensor:
    """`(N, 1, 1, 1)`, 1 where nothing of it was seen."""
    ways, both = _links(places, seen, trunk)
    length = _mean(ways.norm(dim=1, keepdim=True), both, (2, 3))
    return torch.where(length > 1e-4, length, torch.ones_like(length))


def _facing(places: Tensor, seen: Tensor, across: tuple[Pair, ...]) -> Tensor:
    ways, both = _links(places, seen, across)
    x, z = (_mean(ways[:, axis : axis + 1], both, (2, 3)) for axis in _UPRIGHT)
    width = (x * x + z * z).sqrt()
    known = width > 1e-4
    cos = torch.where(known, x / width.clamp(min=1e-4), torch.ones_like(x))
    sin = torch.where(known, z / width.clamp(min=1e-4), torch.zeros_like(z))
    return torch.cat(
        (
            places[:, 0:1] * cos + places[:, 2:3] * sin,
            places[:, 1:2],
            places[:, 2:3] * cos - places[:, 0:1] * sin,
        ),
        dim=1,
    )
