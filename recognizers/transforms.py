"""From pictures to what a network sees: crop, resize, normalise. Training and live use the same functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from recognizers.clip import Picture, Region


def crop_to_region(picture: Picture, region: Region) -> Picture:
    """The region's pixels, at least one in each direction; a view, not a copy."""
    height, width = picture.shape[:2]
    left, top = int(region.left * width), int(region.top * height)
    right, bottom = max(left + 1, round(region.right * width)), max(top + 1, round(region.bottom * height))
    return picture[top:bottom, left:right]


def square(pictures: Sequence[Picture], side_px: int) -> Tensor:
    """Pictures of one size → `(T, 3, side, side)` uint8: short side to `side_px`, then the central square.

    Long parts outside the central square are not seen; draw the watch's region accordingly.
    """
    height, width = pictures[0].shape[:2]
    stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    if min(height, width) != side_px:
        scale = side_px / min(height, width)
        size = (max(side_px, round(height * scale)), max(side_px, round(width * scale)))
        resized = F.interpolate(stacked.float(), size, mode="bilinear", antialias=scale < 1, align_corners=False)
        stacked = resized.round_().clamp_(0, 255).to(torch.uint8)
    top, left = (stacked.shape[2] - side_px) // 2, (stacked.shape[3] - side_px) // 2
    return stacked[:, :, top : top + side_px, left : left + side_px]


def normalised(clips: Tensor, mean: Sequence[float], std: Sequence[float]) -> Tensor:
    """`(N, T, 3, H, W)` uint8 → `(N, 3, T, H, W)` float32 of mean 0 and deviation 1."""
    offset = torch.tensor(mean, device=clips.device).mul_(255)[:, None, None]
    scale = torch.tensor(std, device=clips.device).mul_(255).reciprocal_()[:, None, None]
    return clips.float().sub_(offset).mul_(scale).transpose(1, 2)
