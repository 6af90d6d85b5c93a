"""The law of `PoseEstimator`, over every estimator there is. A new one joins with an entry in `ESTIMATORS`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from recognizers.estimators.base import PoseEstimator
from recognizers.estimators.choice import build_estimator
from recognizers.nn.skeletons import LAYOUTS
from streamer.testing.estimators import BrightPoses
from tests.recognizers.joints import HANDS, POSE, needs_models, needs_people, picture_of

ESTIMATORS: dict[str, Callable[[], PoseEstimator]] = {
    "bright": BrightPoses,
    "people": lambda: build_estimator("mediapipe33", 2, 2, POSE, 1),
    "hands": lambda: build_estimator("hands21", 2, 2, HANDS, 1),
}
REAL = [needs_models, needs_people]
EACH = [pytest.param(name, marks=REAL if name != "bright" else []) for name in ESTIMATORS]


@pytest.fixture(scope="module", params=EACH)
def estimator(request: pytest.FixtureRequest) -> PoseEstimator:
    return ESTIMATORS[request.param]()


@pytest.fixture
def shown(estimator: PoseEstimator) -> np.ndarray:
    """A picture with somebody in it, which cannot be written to."""
    if not isinstance(estimator, BrightPoses):
        return picture_of("milk")
    picture = np.random.default_rng(1).integers(1, 256, (68, 90, 3), np.uint8)
    picture.setflags(write=False)
    return picture


def joints(estimator: PoseEstimator) -> int:
    return len(LAYOUTS[estimator.layout].joints)


def test_everybody_has_the_joints_of_the_layout_and_how_sure_they_are(
    estimator: PoseEstimator, shown: np.ndarray
) -> None:
    poses = estimator.poses(shown)
    assert poses.dtype == np.float32
    assert poses.shape == (len(poses), joints(estimator), 3)
    assert len(poses) >= 1
    assert np.isfinite(poses).all()
    assert 0 <= poses[..., 2].min() <= poses[..., 2].max() <= 1


def test_joints_are_in_fractions_of_the_picture_whatever_its_size(estimator: PoseEstimator, shown: np.ndarray) -> None:
    larger = shown.repeat(2, axis=0).repeat(2, axis=1)
    once, again = (estimator.poses(one) for one in (shown, larger))
    assert (np.abs(once[..., :2] - 0.5) < 0.6).mean() > 0.8  # most are in the picture
    np.testing.assert_allclose(once[0, :, :2], again[0, :, :2], atol=0.03)


def test_the_surest_is_first(estimator: PoseEstimator, shown: np.ndarray) -> None:
    sure = estimator.poses(shown)[..., 2].mean(axis=1)
    assert (np.diff(sure) <= 0).all()


def test_the_same_picture_gets_the_same_answer_whatever_was_shown_before(
    estimator: PoseEstimator, shown: np.ndarray
) -> None:
    once = estimator.poses(shown)
    estimator.poses(shown[::-1])
    assert np.array_equal(once, estimator.poses(shown))


def test_a_part_of_a_picture_is_a_picture(estimator: PoseEstimator, shown: np.ndarray) -> None:
    """What lies outside of it in memory is not seen."""
    part = shown[4:, 6:]
    assert np.array_equal(estimator.poses(part), estimator.poses(part.copy()))


@pytest.mark.parametrize("size", [(64, 96), (1, 1), (3, 200)], ids=str)
def test_nobody_has_no_rows(estimator: PoseEstimator, size: tuple[int, int]) -> None:
    poses = estimator.poses(np.zeros((*size, 3), np.uint8))
    assert poses.shape == (0, joints(estimator), 3)
    assert poses.dtype == np.float32
