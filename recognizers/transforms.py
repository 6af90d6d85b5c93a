"""From pictures to what a network sees: crop, resize, normalise. Training and live use the same functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recognizers.clip import Clip, Picture, Region

MEAN, STD = (0.45, 0.45, 0.45), (0.225, 0.225, 0.225)
"""Of RGB in [0, 1], as the published networks were trained; ours are trained with the same."""
LONGEST_SHAPE = 4
"""Times the short side; the widest cameras, of two lenses side by side (32:9), stay below."""
_EVEN_PX = 32
"""Pixels of a picture for each pixel of the smallest features."""


def crop_to_region(picture: Picture, region: Region) -> Picture:
    """The region's pixels, at least one in each direction; a view, not a copy."""
    height, width = picture.shape[:2]
    left, top = min(int(region.left * width), width - 1), min(int(region.top * height), height - 1)
    right, bottom = max(left + 1, round(region.right * width)), max(top + 1, round(region.bottom * height))
    return picture[top:bottom, left:right]


def square(pictures: Sequence[Picture], side_px: int) -> Tensor:
    """Pictures of one size → `(T, 3, side, side)` uint8: the central square, resized.

    What lies outside the central square is not seen: the service warns of regions that are far from square.
    """
    height, width = pictures[0].shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    cut = np.stack([picture[top : top + side, left : left + side] for picture in pictures])
    stacked = torch.from_numpy(cut).permute(0, 3, 1, 2)
    if side == side_px:
        return stacked
    # On uint8: within one step of the same in float, in a sixth of the time.
    size = (side_px, side_px)
    return F.interpolate(stacked, size, mode="bilinear", antialias=side > side_px, align_corners=False)


def fitted(pictures: Sequence[Picture], short_px: int) -> Tensor:
    """Pictures of one size → `(T, 3, H, W)` uint8: all of them, resized to their `fitted_size`."""
    height, width = pictures[0].shape[:2]
    return resized(pictures, *fitted_size(height, width, short_px))


def fitted_size(height: int, width: int, short_px: int) -> tuple[int, int]:
    """Height and width at which a whole picture is looked at: about `short_px` on the short side, and in its own shape;
    one that is longer than `LONGEST_SHAPE` times its short side is squeezed to that, since what a network costs grows
    with it: a strip of one row of a camera's pixels would be 1920 times as long as it is high.

    Sides are multiples of 32, so that what a network makes of them lies evenly over the picture.
    """
    short = min(height, width)
    shares = (min(side / short, LONGEST_SHAPE) for side in (height, width))
    high, wide = (max(1, round(share * short_px / _EVEN_PX)) * _EVEN_PX for share in shares)
    return high, wide


def resized(pictures: Sequence[Picture], height_px: int, width_px: int) -> Tensor:
    """Pictures of one size → `(T, 3, height_px, width_px)` uint8: whole, stretched where the shape is another."""
    height, width = pictures[0].shape[:2]
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    if (height, width) == (height_px, width_px):
        return stacked
    is_smaller = height_px < height or width_px < width
    return F.interpolate(stacked, (height_px, width_px), mode="bilinear", antialias=is_smaller, align_corners=False)


def region_square(clip: Clip, side_px: int, share: float = 1.0) -> Tensor:
    """A clip → `(T, 3, side, side)` uint8: the central square of its region, or so much of that square's side."""
    shown = [crop_to_region(picture, clip.region) for picture in clip.pictures]
    return square(shown if share == 1 else [_middle(picture, share) for picture in shown], side_px)


def _middle(picture: Picture, share: float) -> Picture:
    """So much of a picture's central square, around its middle."""
    height, width = picture.shape[:2]
    side = max(1, round(share * min(height, width)))
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def normalised(clips: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """`(N, T, 3, H, W)` uint8 → `(N, 3, T, H, W)` float32 of mean 0 and deviation 1."""
    offset = torch.tensor(mean, device=clips.device).mul_(255)[:, None, None]
    scale = torch.tensor(std, device=clips.device).mul_(255).reciprocal_()[:, None, None]
    return clips.float().sub_(offset).mul_(scale).transpose(1, 2)


def as_pictures(seen: Tensor) -> list[Picture]:
    """`(M, 3, H, W)` normalised by `MEAN` and `STD` → pictures again, for what looks at nothing else."""
    offset, scale = (torch.tensor(numbers, device=seen.device)[:, None, None] * 255 for numbers in (MEAN, STD))
    levels = seen.float().mul(scale).add_(offset).round_().clamp_(0, 255).to(torch.uint8)
    return list(levels.permute(0, 2, 3, 1).cpu().numpy())
