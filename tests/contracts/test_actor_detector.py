"""The law of `ActorDetector`, over every detector there is. A new one joins with an entry in `DETECTORS`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from recognizers.data.video import pictures
from recognizers.estimators.base import ActorDetector
from recognizers.estimators.fastestdet import FastestDet
from streamer.testing.estimators import BrightActors

SHARED = Path(__file__).parents[2] / "../shared"
MODEL, SCENE = SHARED / "models/fastestdet.onnx", SHARED / "data/clips/people_walking_cctv.mp4"


def somebody_bright() -> NDArray[np.uint8]:
    picture = np.zeros((96, 128, 3), np.uint8)
    picture[20:90, 10:40] = picture[30:95, 80:120] = 255
    return picture


def somebody_real() -> NDArray[np.uint8]:
    return next(pictures(SCENE, 1.0, 352))


def fastestdet() -> ActorDetector:
    if not MODEL.exists():
        pytest.skip(f"{MODEL} is not here")
    return FastestDet(MODEL)


DETECTORS: dict[str, tuple[Callable[[], ActorDetector], Callable[[], NDArray[np.uint8]]]] = {
    "fake": (BrightActors, somebody_bright),
    "fastestdet": (fastestdet, somebody_real),
}
"""Each with a picture of several people."""


@pytest.fixture(scope="module", params=DETECTORS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def detector(kind: str) -> ActorDetector:
    return DETECTORS[kind][0]()


@pytest.fixture(scope="module")
def people(kind: str, detector: ActorDetector) -> NDArray[np.uint8]:
    return DETECTORS[kind][1]()


def test_it_finds_several_people_each_in_a_box_within_the_picture(
    detector: ActorDetector, people: NDArray[np.uint8]
) -> None:
    found = detector.actors(people)

    assert len(found.boxes) >= 2
    assert found.boxes.shape == (len(found.scores), 4)
    assert found.boxes.dtype == found.scores.dtype == np.float32
    assert 0 <= found.boxes.min() <= found.boxes.max() <= 1
    assert (found.boxes[:, :2] < found.boxes[:, 2:]).all()


def test_the_surest_come_first(detector: ActorDetector, people: NDArray[np.uint8]) -> None:
    scores = detector.actors(people).scores

    assert 0 <= scores.min() <= scores.max() <= 1
    assert (np.diff(scores) <= 0).all()


@pytest.mark.parametrize("size", [(1, 1), (40, 3), (352, 352), (720, 1280)])
def test_nobody_is_no_rows_whatever_the_size(detector: ActorDetector, size: tuple[int, int]) -> None:
    found = detector.actors(np.zeros((*size, 3), np.uint8))

    assert (found.boxes.shape, found.scores.shape) == ((0, 4), (0,))


def test_the_same_picture_gets_the_same_answer_and_stays_as_it_is(
    detector: ActorDetector, people: NDArray[np.uint8]
) -> None:
    kept = people.copy()
    people.setflags(write=False)
    once, again = detector.actors(people), detector.actors(people)

    assert np.array_equal(once.boxes, again.boxes)
    assert np.array_equal(once.scores, again.scores)
    assert np.array_equal(people, kept)


def test_it_says_how_large_it_wants_its_pictures(detector: ActorDetector) -> None:
    assert isinstance(detector, ActorDetector)
    assert detector.short_side_px >= 1
