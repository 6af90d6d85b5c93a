"""Laws of which pictures and which part of them a clip shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.data.sampling import (
    Views,
    clip_at,
    crop_corners,
    cropped,
    dense_clips,
    random_clip,
    random_uniform_clip,
    span,
    uniform_clip,
)
from recognizers.errors import DataError

lengths, frames, strides = st.integers(1, 500), st.integers(1, 40), st.floats(0.25, 20)
seeds = st.integers(0, 2**32 - 1)


def test_a_stride_of_four_takes_every_fourth_picture() -> None:
    assert clip_at(2, 4, 4, 100).tolist() == [2, 6, 10, 14]
    assert span(4, 4) == 12
    assert clip_at(0, 5, 3.75, 100).tolist() == [0, 4, 8, 11, 15]


def test_what_lies_outside_of_a_recording_shows_its_first_or_last_picture() -> None:
    assert clip_at(-3, 4, 2, 5).tolist() == [0, 0, 1, 3]
    assert clip_at(3, 4, 2, 5).tolist() == [3, 4, 4, 4]


@given(lengths, frames, strides, seeds)
def test_random_clips_lie_in_the_recording_and_keep_order_and_stride(n: int, t: int, stride: float, seed: int) -> None:
    positions = random_clip(n, t, stride, np.random.default_rng(seed))
    assert len(positions) == t
    assert positions.min() >= 0
    assert positions.max() < n
    steps = np.diff(positions)
    assert (steps >= 0).all()
    if span(t, stride) <= n - 1:
        assert (np.abs(steps - stride) <= 1).all()


def test_every_place_that_fits_is_drawn() -> None:
    rng = np.random.default_rng(1)
    starts = {int(random_clip(20, 4, 4, rng)[0]) for _ in range(500)}
    assert starts == set(range(20 - 12))


@given(lengths, frames, strides, st.integers(1, 12))
def test_dense_clips_reach_from_the_first_picture_to_the_last(n: int, t: int, stride: float, clips: int) -> None:
    positions = dense_clips(n, t, stride, clips)
    assert positions.shape == (clips, t)
    assert (np.diff(positions[:, 0]) >= 0).all()
    if clips > 1:
        assert positions[0, 0] == 0
        assert positions[-1, -1] == (n - 1 if span(t, stride) < n - 1 else positions[0, -1])


def test_dense_clips_are_where_they_are_said_to_be() -> None:
    assert dense_clips(41, 3, 5, 4)[:, 0].tolist() == [0, 10, 20, 30]
    assert dense_clips(41, 3, 5, 1).tolist() == [[15, 20, 25]]
    # PySlowFast: start = left over · i / clips
    assert dense_clips(41, 3, 5, 3, "leading")[:, 0].tolist() == [0, 10, 20]
    assert dense_clips(41, 3, 5, 1, "leading")[:, 0].tolist() == [0]


@given(lengths, frames, seeds)
def test_a_uniform_clip_shows_each_part_of_a_recording_once(n: int, t: int, seed: int) -> None:
    borders = np.arange(t + 1) * n / t
    for positions in (uniform_clip(n, t), random_uniform_clip(n, t, np.random.default_rng(seed))):
        assert len(positions) == t
        assert (positions + 1 > borders[:-1]).all()
        assert (positions < borders[1:]).all()


def test_the_middle_of_each_part_is_shown() -> None:
    assert uniform_clip(12, 3).tolist() == [2, 6, 10]


def test_crops_are_those_of_pyslowfast() -> None:
    """`uniform_crop`: ceil of half of what is left over; the first and the last at the borders."""
    assert crop_corners(256, 341, 256, 3) == [(0, 0), (0, 43), (0, 85)]
    assert crop_corners(341, 256, 256, 3) == [(0, 0), (43, 0), (85, 0)]
    assert crop_corners(300, 341, 256, 1) == [(22, 43)]
    assert crop_corners(256, 256, 256, 3) == [(0, 0)] * 3


@given(st.integers(8, 60), st.integers(8, 60), st.integers(1, 8), st.integers(1, 6))
def test_crops_lie_in_the_picture_and_along_its_longer_side(height: int, width: int, side: int, crops: int) -> None:
    corners = np.array(crop_corners(height, width, side, crops))
    assert (corners >= 0).all()
    assert (corners + side <= (height, width)).all()
    shorter = 1 if height > width else 0
    assert len(set(corners[:, shorter].tolist())) == 1
    seen = np.arange(height * width * 3, dtype=np.uint32).astype(np.uint8).reshape(1, height, width, 3)
    cut = cropped(seen, side, crops)
    assert cut.shape == (crops, 1, side, side, 3)
    top, left = corners[-1]
    assert (cut[-1, 0] == seen[0, top : top + side, left : left + side]).all()


def test_views_are_clips_by_crops() -> None:
    assert Views.parse("10x3") == Views(10, 3)
    assert str(Views(1, 1)) == "1x1"
    for wrong in ("10", "x3", "0x3", "ten x 3", "3x-1"):
        with pytest.raises(DataError, match="views"):
            Views.parse(wrong)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: clip_at(0, 4, 1, 0), "without pictures"),
        (lambda: clip_at(0, 0, 1, 5), "at least 1 picture"),
        (lambda: clip_at(0, 4, 0, 5), "stride > 0"),
        (lambda: dense_clips(5, 4, 1, 0), "at least 1"),
        (lambda: crop_corners(20, 30, 24, 3), "does not fit in 30x20"),
    ],
)
def test_what_cannot_be_cut_says_why(call: object, says: str) -> None:
    with pytest.raises(DataError, match=says):
        call()  # type: ignore[operator]
