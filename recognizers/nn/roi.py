"""RoIAlign (He et al., ICCV 2017): the features under boxes, as pictures of one size. Plain torch, any device."""

from __future__ import annotations

import torch
from torch import Tensor


def roi_align(
    features: Tensor, boxes: Tensor, owner: Tensor, *, size: int, scale: float, samples: int = 0, aligned: bool = True
) -> Tensor:
    """The mean of bilinear samples in each of `size` × `size` equal bins of each box.

    Args:
        features: `(N, C, H, W)`.
        boxes: `(K, 4)` xyxy in pixels of the picture.
        owner: `(K,)` which of the N each box lies in.
        size: bins along each side.
        scale: pixels of the features per pixel of the picture.
        samples: along each side of a bin; 0 takes one for each pixel of the features that the bin spans, at least one.
        aligned: whether the middle of the first pixel lies at 0.5, as it should. Off, boxes lie half a pixel too far
            right and below and have at least one pixel a side, as before Detectron2.

    Returns:
        `(K, C, size, size)`. Samples more than a pixel outside the features count as 0.
    """
    if not len(boxes):
        return features.new_zeros(0, features.shape[1], size, size)
    places = boxes.to(features.dtype) * scale - (0.5 if aligned else 0.0)
    start, sides = places[:, :2], places[:, 2:] - places[:, :2]
    if not aligned:
        sides = sides.clamp(min=1.0)
    pooled = [
        _pooled(features[int(n)], at, side, size, samples) for n, at, side in zip(owner, start, sides, strict=True)
    ]
    return torch.stack(pooled)


def _pooled(features: Tensor, start: Tensor, sides: Tensor, size: int, samples: int) -> Tensor:
    """`(C, H, W)` → `(C, size, size)` of one box. Bilinear samples on a grid are a product of two thin matrices."""
    height, width = features.shape[1:]
    columns = _weights(start[0], sides[0], width, size, samples)
    rows = _weights(start[1], sides[1], height, size, samples)
    return torch.einsum("yh,chw,xw->cyx", rows, features, columns)


def _weights(start: Tensor, side: Tensor, length: int, size: int, samples: int) -> Tensor:
    """`(size, length)`: how much each pixel along an axis weighs in each bin."""
    count = samples or max(1, int(torch.ceil(side / size)))
    steps = (torch.arange(size * count, dtype=side.dtype, device=side.device) + 0.5) / count
    at = start + steps * side / size
    seen = (at >= -1) & (at <= length)
    at = at.clamp(0, length - 1)
    pixels = torch.arange(length, dtype=side.dtype, device=side.device)
    near = (1 - (at[:, None] - pixels).abs()).clamp(min=0)
    return (near * seen[:, None]).view(size, count, length).mean(dim=1)
