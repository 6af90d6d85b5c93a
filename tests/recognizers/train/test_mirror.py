"""Laws of clips that are mirrored: what has a side becomes the other one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import ClipSpec
from recognizers.data.skeletons import SkeletonData
from recognizers.data.track import DataSet, Track
from recognizers.data.windows import Jitter
from recognizers.errors import DataError
from recognizers.train.lessons import PictureLessons
from recognizers.train.mirror import mirror_of
from recognizers.train.recipe import Recipe
from recognizers.train.skeleton_lessons import SkeletonLessons
from tests.recognizers.skeletons import tiny, write_skeletons

LABELS = ("none", "point left", "point right", "nod")
FLIPPING = Recipe(steps=1, batch=40, flip=True, mirrored={"point left": "point right"}, device="cpu")


def bright(side: int) -> np.ndarray:
    """Pictures that are bright on the left (1), on the right (2), or in the middle alone."""
    pictures = np.full((8, 36, 36, 3), 20, np.uint8)
    pictures[:, :, {1: slice(0, 12), 2: slice(24, 36)}.get(side, slice(12, 24))] = 230
    return pictures


def lessons(recipe: Recipe) -> PictureLessons:
    tracks = tuple(Track(f"{n}", f"{n}", 8.0, bright(n), np.full(8, n, np.int64)) for n in range(4))
    data = DataSet(LABELS, "none", tracks, (), tracks, "made")
    return PictureLessons(data, ClipSpec(4, 0.125, 0.25, 32), 32, recipe, Jitter())


def test_a_mirrored_clip_of_one_side_is_a_clip_of_the_other() -> None:
    clips, truth = lessons(FLIPPING).batch(np.random.default_rng(1))
    left, right = clips[..., :10].mean((1, 2, 3, 4)), clips[..., -10:].mean((1, 2, 3, 4))
    for clip in range(40):
        if (side := int(truth[clip].argmax())) in (1, 2):
            assert (left[clip] > right[clip]) == (side == 1)
    assert {1, 2} <= set(truth.argmax(1).tolist())


def test_half_of_the_clips_are_mirrored_and_the_others_are_as_they_were() -> None:
    recipes = (replace(FLIPPING, batch=400), replace(FLIPPING, batch=400, flip=False, mirrored={}))
    became, were = (lessons(recipe).batch(np.random.default_rng(1))[1].argmax(1) for recipe in recipes)
    sided = (were == 1) | (were == 2)
    assert 0.4 < float((became != were)[sided].float().mean()) < 0.6
    assert (became == were)[~sided].all()


def test_labels_that_are_each_others_mirror_picture_must_be_named() -> None:
    with pytest.raises(DataError, match=r"mirrored: \{point left: point right\}, or leave flip out"):
        mirror_of(LABELS, replace(FLIPPING, mirrored={}))
    assert mirror_of(LABELS, replace(FLIPPING, flip=False, mirrored={})).tolist() == [0, 1, 2, 3]
    assert mirror_of(LABELS, FLIPPING).tolist() == [0, 2, 1, 3]
    assert mirror_of(("right", "wrong", "leftover"), replace(FLIPPING, mirrored={})).tolist() == [0, 1, 2]


def test_a_label_that_there_is_not_or_twice_is_a_mistake() -> None:
    with pytest.raises(DataError, match="no label wave; there are: none"):
        mirror_of(LABELS, replace(FLIPPING, mirrored={"wave": "nod"}))
    with pytest.raises(DataError, match="names point left more than once"):
        mirror_of(LABELS, replace(FLIPPING, mirrored={"point left": "point right", "nod": "point left"}))


def test_mirrored_skeletons_have_the_other_label(tmp_path: Path) -> None:
    data = SkeletonData(write_skeletons(tmp_path / "made.npz"), held_out=(2,)).load()
    one, other = (label for label in data.labels if label != data.background)
    size = tiny(layout="kinect20", coordinates=3)
    plain = Recipe(steps=1, batch=64, flip=True, background=0.01, device="cpu")
    swapped = replace(plain, mirrored={one: other})
    told = [
        SkeletonLessons(data, size, recipe, Jitter()).batch(np.random.default_rng(3))[1].argmax(1)
        for recipe in (plain, swapped)
    ]
    changed = (told[0] != told[1]).float().mean()
    assert 0.3 < float(changed) < 0.7
