"""What the network sees of a picture: the region, its central square, at the network's size, normalised."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from recognizers.clip import WHOLE_PICTURE, Region
from recognizers.transforms import LONGEST_SHAPE, crop_to_region, fitted, fitted_size, normalised, square

sides = st.integers(1, 70)
fractions = st.floats(0, 1)


@st.composite
def regions(draw: st.DrawFn) -> Region:
    left, right = sorted(draw(st.lists(fractions, min_size=2, max_size=2, unique=True)))
    top, bottom = sorted(draw(st.lists(fractions, min_size=2, max_size=2, unique=True)))
    return Region(left, top, right, bottom)


def places(height: int, width: int) -> NDArray[np.uint8]:
    """A picture in which every pixel says where it is: red is its row, green its column."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.uint8)
    return np.stack([rows, columns, np.zeros_like(rows)], axis=-1)


@given(sides, sides, regions())
def test_a_crop_is_inside_the_region_to_the_pixel_and_never_empty(height: int, width: int, region: Region) -> None:
    cropped = crop_to_region(places(height, width), region)

    assert min(cropped.shape) >= 1
    (top, left, _), (bottom, right, _) = cropped[0, 0], cropped[-1, -1]
    assert cropped.shape == (bottom - top + 1, right - left + 1, 3)
    assert abs(top - region.top * height) <= 1
    assert abs(left - region.left * width) <= 1
    assert abs(bottom + 1 - region.bottom * height) <= 1
    assert abs(right + 1 - region.right * width) <= 1


@given(sides, sides)
def test_the_whole_picture_is_itself(height: int, width: int) -> None:
    picture = places(height, width)
    cropped = crop_to_region(picture, WHOLE_PICTURE)

    assert np.array_equal(cropped, picture)
    assert np.shares_memory(cropped, picture)


@given(sides, sides, st.integers(1, 48), st.integers(1, 3))
def test_a_square_has_the_side_that_was_asked_for(height: int, width: int, side: int, frames: int) -> None:
    seen = square([places(height, width)] * frames, side)

    assert seen.shape == (frames, 3, side, side)
    assert seen.dtype == torch.uint8


@given(sides, st.integers(0, 30), st.booleans())
def test_where_the_size_fits_every_pixel_of_the_central_square_is_itself(side: int, beyond: int, tall: bool) -> None:
    height, width = (side + beyond, side) if tall else (side, side + beyond)
    picture = places(height, width)

    (seen,) = square([picture], side)

    top, left = (height - side) // 2, (width - side) // 2
    assert np.array_equal(seen.permute(1, 2, 0).numpy(), picture[top : top + side, left : left + side])


@given(st.integers(0, 255), sides, sides, st.integers(1, 48))
def test_one_colour_stays_that_colour_at_every_size(grey: int, height: int, width: int, side: int) -> None:
    assert (square([np.full((height, width, 3), grey, np.uint8)], side) == grey).all()


@pytest.mark.parametrize(("size", "side"), [(96, 32), (64, 48), (32, 64), (97, 33)])
def test_resizing_keeps_the_aspect_and_is_within_a_step_of_floating_point(size: int, side: int) -> None:
    picture = np.random.default_rng(size).integers(0, 256, (size, size + 30, 3), np.uint8)
    (seen,) = square([picture], side)

    exact = torch.nn.functional.interpolate(
        torch.from_numpy(picture[:, 15:-15].copy()).permute(2, 0, 1)[None].float(),
        size=(side, side),
        mode="bilinear",
        antialias=side < size,
    )

    assert (seen.float() - exact[0]).abs().max() <= 1


def test_the_pictures_of_a_clip_are_resized_each_by_itself() -> None:
    pictures = [np.random.default_rng(n).integers(0, 256, (50, 40, 3), np.uint8) for n in range(3)]

    assert torch.equal(square(pictures, 32), torch.cat([square([picture], 32) for picture in pictures]))


def test_normalised_pictures_have_mean_0_and_deviation_1_and_are_channels_first() -> None:
    mean, std = (0.5, 0.25, 0.125), (0.25, 0.5, 0.125)
    clips = torch.randint(0, 256, (2, 4, 3, 5, 6), dtype=torch.uint8)

    seen = normalised(clips, mean, std)

    assert seen.shape == (2, 3, 4, 5, 6)
    for channel in range(3):
        wanted = (clips[:, :, channel] / 255 - mean[channel]) / std[channel]
        torch.testing.assert_close(seen[:, channel], wanted)


@given(st.integers(1, 4000), st.integers(1, 4000), st.sampled_from([64, 96, 256]))
def test_a_whole_picture_keeps_its_shape_up_to_four_to_one_and_sides_lie_evenly(
    height: int, width: int, short_px: int
) -> None:
    high, wide = fitted_size(height, width, short_px)
    assert high % 32 == wide % 32 == 0
    assert min(high, wide) == short_px
    share = min(max(height, width) / min(height, width), LONGEST_SHAPE)
    assert abs(max(high, wide) - share * short_px) <= 16
    assert (high <= wide) == (height <= width) or high == wide


def test_a_strip_of_one_row_is_squeezed_and_all_of_it_is_seen() -> None:
    strip = np.zeros((1, 1920, 3), np.uint8)
    strip[:, 960:] = 200
    (seen,) = fitted([strip], 64)
    assert seen.shape == (3, 64, 256)
    assert (seen[:, :, :120] == 0).all()
    assert (seen[:, :, 136:] == 200).all()
