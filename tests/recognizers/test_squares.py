"""Laws of squares: what is cut out of a picture is where the square says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.estimators.squares import Square, upwards

PICTURE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def test_an_upright_square_at_its_own_size_is_the_pixels_themselves() -> None:
    cut = Square(30, 20, 16).cut(PICTURE, 16)
    np.testing.assert_allclose(cut * 255, PICTURE[12:28, 22:38], atol=1e-3)


def test_beyond_the_edges_it_is_black() -> None:
    cut = Square.around(PICTURE).cut(PICTURE, 60)
    assert not cut[:10].any()
    assert not cut[50:].any()
    np.testing.assert_allclose(cut[10:50] * 255, PICTURE, atol=1e-3)
    assert not Square(-100, 500, 20).cut(PICTURE, 8).any()


def test_between_four_pixels_is_their_mean() -> None:
    cut = Square(10.5 + 1, 5.5 + 1, 2).cut(PICTURE, 2)
    np.testing.assert_allclose(cut[0, 0] * 255, PICTURE[5:7, 10:12].mean(axis=(0, 1)), rtol=1e-5)


@given(
    st.floats(-20, 80), st.floats(-20, 80), st.floats(1, 90), st.floats(-4, 4), st.floats(0, 1), st.floats(0, 1)
)  # fmt: skip
def test_what_is_seen_at_a_place_of_the_square_is_at_that_place_of_the_picture(
    x: float, y: float, side: float, turn: float, right: float, down: float
) -> None:
    """A picture whose colours are its coordinates."""
    height, width = 120, 160
    rows, columns = np.mgrid[:height, :width]
    picture = np.stack((columns, rows, np.full_like(rows, 255)), axis=2).astype(np.uint8)
    square = Square(x, y, side, turn)
    column, row = int(right * 31), int(down * 31)
    seen = square.cut(picture, 32)[row, column] * 255
    ((true_x, true_y),) = square.to_picture(np.array([[column / 32, row / 32]], np.float32))
    inside = 0 <= true_x <= width - 1 and 0 <= true_y <= height - 1
    if inside:
        np.testing.assert_allclose(seen[:2], (true_x, true_y), atol=0.02)
    else:
        assert seen[2] < 255


@pytest.mark.parametrize(
    ("end", "turn"), [((0, -1), 0), ((1, 0), math.pi / 2), ((-1, 0), -math.pi / 2)], ids=["up", "right", "left"]
)
def test_a_square_is_turned_so_that_the_way_leads_up(end: tuple[float, float], turn: float) -> None:
    start, end_ = np.array([5, 5], np.float32), np.array([5, 5], np.float32) + np.array(end, np.float32)
    found = upwards(start, end_)
    assert math.remainder(found - turn, 2 * math.pi) == pytest.approx(0, abs=1e-6)
    ((x, y),) = Square(5, 5, 2, found).to_picture(np.array([[0.5, 0]], np.float32))
    assert (x, y) == pytest.approx(tuple(end_), abs=1e-5)
