"""How training clips are changed: the same change for all pictures of a clip."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recognizers.train.plan import Recipe
from recognizers.transforms import MEAN, STD, normalised, square


def augmented(pictures: NDArray[np.uint8], crop_px: int, recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """`(N, T, S, S, 3)` uint8 → `(N, 3, T, crop, crop)` as the network sees it: shifted, perhaps nearer or mirrored,
    with other brightness, contrast, colours and noise."""
    seen = normalised(torch.stack([_cropped(clip, crop_px, recipe, rng) for clip in pictures]), MEAN, STD)
    n = len(seen)
    gain = _random(rng, n, 0.75, 1.3) * _random(rng, (n, 3), 0.9, 1.1)
    grey = seen.mean(dim=1, keepdim=True)
    seen = grey + (seen - grey) * _random(rng, n, 0.5, 1.3)
    seen = seen * gain + _random(rng, n, -0.35, 0.35)
    noise = torch.from_numpy(rng.standard_normal(tuple(seen.shape[1:]), dtype=np.float32))
    return seen + noise * _random(rng, n, 0.0, 0.12)


def _cropped(clip: NDArray[np.uint8], crop_px: int, recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """`(T, S, S, 3)` → `(T, 3, crop, crop)` uint8."""
    side = crop_px
    if recipe.zoom > 0:
        side = round(clip.shape[1] * rng.uniform(1 - recipe.zoom, 1))
    top, left = rng.integers(0, clip.shape[1] - side + 1, 2)
    cut = clip[:, top : top + side, left : left + side]
    if recipe.flip and rng.random() < 0.5:
        cut = cut[:, :, ::-1]
    return square(list(cut), crop_px)


def _random(rng: np.random.Generator, shape: int | tuple[int, int], low: float, high: float) -> Tensor:
    """`(N, 1 or 3, 1, 1, 1)`."""
    drawn = torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))
    return drawn.reshape(drawn.shape[0], -1, 1, 1, 1)
