"""How training sequences are changed, as people and cameras differ: the same change for all frames of a clip."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from recognizers.data.windows import Jitter
from recognizers.nn.skeletons import Layout
from recognizers.train.recipe import Recipe

Skeletons = NDArray[np.float32]
"""`(…, T, J, D + 1)`: coordinates, then whether the joint was seen."""


def stretched(skeletons: Skeletons, at: NDArray[np.floating]) -> Skeletons:
    """A sequence's frames `(T, J, C)` at moments `(F,)` in [0, 1] of it → `(F, J, C)`, between two frames a straight
    way. Between a joint that was seen and one that was not, there is no way: the nearer frame is taken."""
    moments = at * (len(skeletons) - 1)
    before = np.floor(moments).astype(int)
    share = (moments - before).astype(np.float32)[:, None, None]
    one, other = skeletons[before], skeletons[np.minimum(before + 1, len(skeletons) - 1)]
    way = one[..., -1:] * other[..., -1:] > 0
    drawn: Skeletons = np.where(way, one + (other - one) * share, np.where(share < 0.5, one, other))
    return drawn


def varied(
    sequences: Sequence[Skeletons],
    frames: int,
    layout: Layout,
    recipe: Recipe,
    jitter: Jitter,
    rng: np.random.Generator,
    reflected: NDArray[np.bool_],
) -> Skeletons:
    """Sequences `(T, J, C)` of any length → `(N, frames, J, C)`: a part of each, at another pace, mirrored where
    `reflected` `(N,)`, turned, larger or smaller, each joint a little off and some of them missing."""
    clips = np.stack([stretched(one, _moments(frames, jitter, rng)) for one in sequences])
    if reflected.any():
        mirrored = clips[:, :, list(layout.mirrored)] * np.array([-1, *[1] * (clips.shape[3] - 1)], np.float32)
        clips = np.where(reflected[:, None, None, None], mirrored, clips)
    places, seen = clips[..., :-1], clips[..., -1:]
    middle = (places * seen).sum((1, 2), keepdims=True) / np.maximum(seen.sum((1, 2), keepdims=True), 1)
    places = (places - middle) @ _changes(len(clips), places.shape[3], recipe, rng)[:, None]
    if recipe.noise > 0:
        spread = recipe.noise * np.sqrt((np.square(places) * seen).mean((1, 2, 3), keepdims=True))
        places = places + spread * rng.standard_normal(places.shape, np.float32)
    shown = rng.random((len(clips), 1, places.shape[2], 1)) >= recipe.hide
    seen = seen * shown.astype(np.float32)
    return np.concatenate(((places + middle) * seen, seen), axis=3).astype(np.float32)


def _moments(frames: int, jitter: Jitter, rng: np.random.Generator) -> NDArray[np.floating]:
    """Which moments of a sequence a clip shows: a part of it, one half of that faster and the other slower, some
    pictures lost."""
    length = rng.uniform(1 - jitter.crop, 1)
    half = 0.5 * (1 + rng.uniform(-jitter.speed, jitter.speed))
    at = rng.uniform(0, 1 - length) + length * np.interp(np.linspace(0, 1, frames), [0, 0.5, 1], [0, half, 1])
    for late in np.flatnonzero(rng.random(frames) < jitter.repeat):
        at[late] = at[max(int(late) - 1, 0)]
    return at


def _changes(count: int, dimensions: int, recipe: Recipe, rng: np.random.Generator) -> Skeletons:
    """`(count, D, D)`: a turn in each plane there is, then longer or shorter along each axis."""
    changes = np.broadcast_to(np.eye(dimensions), (count, dimensions, dimensions))
    for plane in combinations(range(dimensions), 2):
        angle = np.deg2rad(rng.uniform(-recipe.turn, recipe.turn, count))
        turn = np.broadcast_to(np.eye(dimensions), changes.shape).copy()
        turn[:, plane[0], plane[0]] = turn[:, plane[1], plane[1]] = np.cos(angle)
        turn[:, plane[0], plane[1]], turn[:, plane[1], plane[0]] = np.sin(angle), -np.sin(angle)
        changes = changes @ turn
    return (changes * rng.uniform(1 - recipe.zoom, 1 + recipe.zoom, (count, 1, dimensions))).astype(np.float32)
