"""The law of `FlowEstimator`, over every estimator there is. A new one joins with an entry in `ESTIMATORS`."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from recognizers.clip import Picture
from recognizers.errors import CheckpointMismatch, DeviceFailed
from recognizers.estimators.base import FlowEstimator
from recognizers.estimators.dis import DisFlow
from recognizers.estimators.flows import FLOWS
from streamer.testing.estimators import BrightestFlow

ESTIMATORS = {**FLOWS, "brightest": BrightestFlow}
IN_PIXELS = sorted(set(ESTIMATORS) - {"rgb_difference"})
DX, DY = 3, -2


@pytest.fixture(params=ESTIMATORS)
def estimator(request: pytest.FixtureRequest) -> FlowEstimator:
    return ESTIMATORS[request.param]()


def texture(side: int, dx: float = 0, dy: float = 0, seed: int = 0) -> Picture:
    """Something smooth and everywhere different, brightest near its middle, which lies so far right and down."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side].astype(float)
    x, y = x - dx - side / 2, y - dy - side / 2
    light = 120 * np.exp(-(x**2 + y**2) / 30)
    for _ in range(12):
        across, down, phase = rng.uniform(-0.7, 0.7), rng.uniform(-0.7, 0.7), rng.uniform(0, 6)
        light = light + 10 * np.sin(across * x + down * y + phase)
    picture = np.clip(np.rint(light[..., None] * (0.8, 0.9, 1.0) + 90), 0, 255).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def test_a_field_for_each_picture_but_the_first(estimator: FlowEstimator) -> None:
    for count in (1, 2, 4):
        said = estimator.flow([texture(48, seed=n) for n in range(count)])
        assert said.shape == (count - 1, estimator.channels, 48, 48)
        assert said.dtype == np.float32
    assert estimator.limit > 0


def test_a_still_clip_has_no_flow(estimator: FlowEstimator) -> None:
    assert not estimator.flow([texture(96)] * 3).any()
    assert not estimator.flow([np.zeros((40, 50, 3), np.uint8)] * 2).any()


@pytest.mark.parametrize("side", [16, 32, 80, 96, 112])
def test_a_pairs_flow_does_not_depend_on_what_else_was_looked_at(estimator: FlowEstimator, side: int) -> None:
    """Neither on what else there is in its clip, nor on clips of other sizes before."""
    clip = [texture(side, n * DX, n * DY) for n in range(3)]
    first, second = estimator.flow(clip)

    for other in (20, 48, 130):
        estimator.flow([texture(other), texture(other, 1, 1)])
        assert np.array_equal(estimator.flow(clip[1:])[0], second)
        assert np.array_equal(estimator.flow(clip[:2])[0], first)


def test_part_of_a_picture_is_looked_at_as_a_picture(estimator: FlowEstimator) -> None:
    """Crops are views of larger pictures."""
    views = [texture(96, n)[8:56, 20:70] for n in range(2)]

    assert np.array_equal(estimator.flow(views), estimator.flow([view.copy() for view in views]))


@pytest.mark.parametrize("name", IN_PIXELS)
@pytest.mark.parametrize("side", [48, 96, 160])
def test_what_moves_by_so_many_pixels_has_that_flow(name: str, side: int) -> None:
    there, back = ESTIMATORS[name]().flow([texture(side), texture(side, DX, DY), texture(side)])

    middle = slice(side // 4, -side // 4)
    for field, wanted in ((there, (DX, DY)), (back, (-DX, -DY))):
        error = np.abs(field[:, middle, middle] - np.reshape(wanted, (2, 1, 1)))
        assert error.mean() < 0.15


def test_a_difference_is_of_each_colour() -> None:
    black, red = np.zeros((2, 4, 5, 3), np.uint8)
    red = red + np.array((255, 0, 1), np.uint8)

    (there, back) = ESTIMATORS["rgb_difference"]().flow([black, red, black])

    assert np.array_equal(there[:, 0, 0], (255, 0, 1))
    assert np.array_equal(back, -there)


def test_too_small_a_picture_is_refused() -> None:
    with pytest.raises(ValueError, match="pictures are 20x15; dis needs 16 pixels each way"):
        DisFlow("fast").flow([np.zeros((15, 20, 3), np.uint8)] * 2)


def test_what_opencv_refuses_loses_a_clip_and_nothing_else() -> None:
    with pytest.raises(DeviceFailed, match=r"^OpenCV failed: [^\n]+$"):
        DisFlow("fast").flow([texture(48), texture(40)])


def test_without_opencv_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)

    with pytest.raises(CheckpointMismatch, match=r"needs OpenCV; pip install 'taktstream\[flow\]'"):
        DisFlow("fast")
