"""How training clips are changed: the same change for all pictures of a clip."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from recognizers.train.recipe import Recipe
from recognizers.transforms import MEAN, STD, square

CPU = torch.device("cpu")


def augmented(
    pictures: NDArray[np.uint8], crop_px: int, recipe: Recipe, rng: np.random.Generator, device: torch.device = CPU
) -> Tensor:
    """`(N, T, S, S, 3)` uint8 → `(N, 3, T, crop, crop)` as the network sees it: shifted, perhaps nearer or
    turned, with other brightness, contrast, colours and noise, perhaps partly hidden or under a faint picture of
    another. Chance is drawn on the CPU, so that it is the same on every device."""
    shown = torch.stack([_cropped(clip, crop_px, recipe, rng) for clip in pictures]).to(device)
    if recipe.turn > 0:
        shown = _turned(shown.float(), recipe.turn, rng)
    return relit(shown, pictures, recipe, rng)


def relit(shown: Tensor, pictures: NDArray[np.uint8], recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """Levels of 0 to 255, `(N, T, 3, H, W)`, of `pictures`, `(N, T, …, 3)` → `(N, 3, T, H, W)`, normalised: nothing
    moves, but light, colours, noise and what is hidden change."""
    n, device = len(shown), shown.device
    gain = _random(rng, n, 0.75, 1.3) * _random(rng, (n, 3), 0.9, 1.1)
    colour = _random(rng, n, 0.5, 1.3)
    if recipe.grey > 0:
        colour = colour * torch.from_numpy(rng.random(n) >= recipe.grey).view(colour.shape)
    seen = _recoloured(shown, gain.view(n, 3, 1), colour.view(n, 1, 1), _random(rng, n, -0.35, 0.35).view(n, 1, 1))
    if recipe.ghost > 0:
        _ghost(seen, recipe.ghost, rng)
    if recipe.hide > 0:
        _hide(seen, recipe.hide, rng)
    noise = torch.from_numpy(rng.standard_normal(tuple(seen.shape[1:]), dtype=np.float32)).to(device)
    seen.addcmul_(noise, _random(rng, n, 0.0, 0.12).to(device))
    _repeat(seen, pictures)
    return seen


def _recoloured(shown: Tensor, gain: Tensor, colour: Tensor, offset: Tensor) -> Tensor:
    """Of clips as levels `(N, T, 3, …)`, normalised: what differs from grey times `colour`, then all times `gain`, plus
    `offset` (each `(N, 1 or 3, 1)`) → `(N, 3, T, …)`.

    In one pass, as a matrix over the three colours of each pixel: reading and writing memory is what it costs.
    """
    grey, mean, std = torch.full((3, 3), 1 / 3), torch.tensor(MEAN), torch.tensor(STD)
    matrix = gain * (grey + (torch.eye(3) - grey) * colour) / std
    moved = offset - matrix @ mean[:, None]
    frames, device = shown.shape[1], shown.device
    matrix, moved = ((one.repeat_interleave(frames, 0)).to(device) for one in (matrix / 255, moved))
    flat = shown.reshape(len(matrix), 3, -1).float()
    return torch.baddbmm(moved, matrix, flat).view(shown.shape).transpose(1, 2)


def _repeat(seen: Tensor, pictures: NDArray[np.uint8]) -> None:
    """A picture that repeats the one before, as where a camera lost some, is that picture, noise and all: live it is.

    A clip that stands still throughout is many pictures of a still scene, each with a noise of its own.
    """
    # Most are told apart by a few pixels; only the others are looked at whole.
    few = pictures[:, :, ::8, ::8]
    repeated = (few[:, 1:] == few[:, :-1]).all(axis=(2, 3, 4))
    for clip, step in zip(*np.nonzero(repeated), strict=True):
        repeated[clip, step] = np.array_equal(pictures[clip, step + 1], pictures[clip, step])
    repeated[repeated.all(axis=1)] = False
    for clip, step in zip(*np.nonzero(repeated), strict=True):
        seen[clip, :, step + 1] = seen[clip, :, step]


def _cropped(clip: NDArray[np.uint8], crop_px: int, recipe: Recipe, rng: np.random.Generator) -> Tensor:
    """`(T, S, S, 3)` → `(T, 3, crop, crop)` uint8."""
    side = crop_px
    if recipe.zoom > 0:
        side = round(clip.shape[1] * rng.uniform(1 - recipe.zoom, 1))
    top, left = rng.integers(0, clip.shape[1] - side + 1, 2)
    cut = clip[:, top : top + side, left : left + side]
    return square(list(cut), crop_px)


def _turned(seen: Tensor, degrees: float, rng: np.random.Generator) -> Tensor:
    """Each clip about its centre; corners that come into view mirror what lies beside them."""
    n, channels, frames, *size = seen.shape
    angle = torch.from_numpy(np.deg2rad(rng.uniform(-degrees, degrees, n)).astype(np.float32))
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros(n)
    rows = torch.stack((cos, -sin, zero, sin, cos, zero), dim=1).view(n, 2, 3)
    grid = F.affine_grid(rows.to(seen.device), [n, channels * frames, *size], align_corners=False)
    flat = F.grid_sample(seen.flatten(1, 2), grid, padding_mode="reflection", align_corners=False)
    return flat.view(seen.shape)


def _ghost(seen: Tensor, share: float, rng: np.random.Generator) -> None:
    """Lay some clips under a still picture of another: what stands still no longer tells the action (Wang et al., CVPR
    2021, "Removing the Background by Adding the Background")."""
    chosen = np.flatnonzero(rng.random(len(seen)) < share)
    others = (chosen + rng.integers(1, max(2, len(seen)), len(chosen))) % len(seen)
    moments = rng.integers(seen.shape[2], size=len(chosen))
    strength = torch.from_numpy(rng.uniform(0.1, 0.5, (len(chosen), 1, 1, 1, 1)).astype(np.float32))
    ghosts = seen[others, :, moments][:, :, None]
    seen[chosen] = seen[chosen].lerp(ghosts.expand_as(seen[chosen]), strength.to(seen.device))


def _hide(seen: Tensor, share: float, rng: np.random.Generator) -> None:
    """Paint a box over some clips, at one place in all pictures (random erasing, Zhong et al., AAAI 2020)."""
    side = seen.shape[-1]
    for number in np.flatnonzero(rng.random(len(seen)) < share):
        height, width = rng.integers(side // 6, side // 2, 2)
        top, left = rng.integers(0, side - height), rng.integers(0, side - width)
        colour = torch.from_numpy(rng.uniform(-1.5, 1.5, (3, 1, 1, 1)).astype(np.float32))
        seen[number, :, :, top : top + height, left : left + width] = colour.to(seen.device)


def mixed(seen: Tensor, truth: Tensor, alpha: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., ICLR 2018): clips `(N, …)` and their truth `(N, C)`, each blended with another of the batch;
    the share comes from Beta(alpha, alpha)."""
    if alpha <= 0:
        return seen, truth
    shares = torch.from_numpy(rng.beta(alpha, alpha, len(seen)).astype(np.float32)).to(seen.device)
    other = torch.from_numpy(rng.permutation(len(seen))).to(seen.device)
    blend = shares.view(-1, *[1] * (seen.ndim - 1))
    return seen[other].lerp(seen, blend), truth[other].lerp(truth, shares[:, None])


def _random(rng: np.random.Generator, shape: int | tuple[int, int], low: float, high: float) -> Tensor:
    """`(N, 1 or 3, 1, 1, 1)`."""
    drawn = torch.from_numpy(rng.uniform(low, high, shape).astype(np.float32))
    return drawn.reshape(drawn.shape[0], -1, 1, 1, 1)
