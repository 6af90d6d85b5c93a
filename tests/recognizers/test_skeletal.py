"""Laws of live skeletons: new pictures alone are looked at, and everybody stays who they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recognizers.build import build_recognizer
from recognizers.clip import WHOLE_PICTURE, Clip, Region
from recognizers.errors import CheckpointMismatch
from recognizers.runtimes.people import in_their_places
from recognizers.runtimes.skeletal import SkeletalRecognizer
from streamer.testing.estimators import BrightPoses
from tests.recognizers.skeletons import tiny, write_random_san


def person(x: float, size: float = 0.1) -> np.ndarray:
    """`(3, 3)`: three joints about a place."""
    return np.array([[x - size, 0.5, 1], [x, 0.5 + size, 1], [x + size, 0.5, 1]], np.float32)


def places(*pictures: list[np.ndarray], persons: int = 2) -> list[list[float]]:
    """Where the person in each place is in each picture; nan where the place is empty."""
    given = [np.array(people, np.float32).reshape(-1, 3, 3) for people in pictures]
    placed = in_their_places(given, joints=3, persons=persons)
    return [[float(row[1, 0]) if row[..., 2].any() else float("nan") for row in picture] for picture in placed]


def test_people_keep_their_place_in_whatever_order_they_are_found() -> None:
    left, right = person(0.2, 0.15), person(0.8)
    seen = places([left, right], [person(0.75), person(0.25)], [person(0.3), person(0.7)])
    np.testing.assert_allclose(seen, [[0.2, 0.8], [0.25, 0.75], [0.3, 0.7]])


def test_who_was_missed_takes_their_place_again() -> None:
    seen = places([person(0.2, 0.15), person(0.8)], [person(0.8)], [person(0.8), person(0.2)])
    np.testing.assert_allclose(seen, [[0.2, 0.8], [np.nan, 0.8], [0.2, 0.8]])


def test_the_largest_are_looked_at_where_there_are_too_many() -> None:
    assert places([person(0.1, 0.05), person(0.5, 0.2)], persons=1) == [[0.5]]
    np.testing.assert_allclose(places([person(0.1, 0.05), person(0.4, 0.2), person(0.8, 0.1)]), [[0.4, 0.8]])


def test_somebody_else_takes_a_free_place() -> None:
    np.testing.assert_allclose(places([person(0.2)], [person(0.2), person(0.9)]), [[0.2, np.nan], [0.2, 0.9]])


def test_nobody_leaves_places_empty() -> None:
    unsure = person(0.5) * np.array([1, 1, 0.3], np.float32)
    assert np.isnan(places([], [unsure])).all()


@pytest.fixture
def estimator() -> BrightPoses:
    return BrightPoses()


@pytest.fixture
def recognizer(tmp_path: Path, estimator: BrightPoses) -> SkeletalRecognizer:
    built = build_recognizer("san", write_random_san(tmp_path / "san.safetensors"), {"poses": estimator})
    assert isinstance(built, SkeletalRecognizer)
    return built


def clip(pictures: list[np.ndarray], index: int = 0, region: Region = WHOLE_PICTURE) -> Clip:
    return Clip("cam", "bench", 1, index, 0.0, 0.5, 1000.5, 1000.0, region, 1.0, tuple(pictures))


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 64, 72, 3), np.uint8))


def test_a_picture_is_looked_at_once(recognizer: SkeletalRecognizer, estimator: BrightPoses) -> None:
    film = pictures(12)
    ((first, state),) = recognizer.recognize([clip(film[:8])], [None])
    assert estimator.looked == 8
    ((second, _),) = recognizer.recognize([clip(film[4:], 1)], [state])
    assert estimator.looked == 12
    ((again, _),) = recognizer.recognize([clip(film[4:], 1)], [None])
    assert first is not None
    assert second is not None
    assert again is not None
    np.testing.assert_array_equal(second.scores, again.scores)


def test_repeated_pictures_are_looked_at_once(recognizer: SkeletalRecognizer, estimator: BrightPoses) -> None:
    recognizer.recognize([clip(pictures(1) * 8)], [None])
    assert estimator.looked == 1


def test_another_region_is_looked_at_anew(recognizer: SkeletalRecognizer, estimator: BrightPoses) -> None:
    shown = clip(pictures(8))
    ((_, state),) = recognizer.recognize([shown], [None])
    recognizer.recognize([replace(shown, region=Region(0, 0, 0.5, 1))], [state])
    assert estimator.looked == 16


def test_nobody_at_all_gets_an_answer(recognizer: SkeletalRecognizer) -> None:
    ((dark, _),) = recognizer.recognize([clip([np.zeros((64, 64, 3), np.uint8)] * 8)], [None])
    assert dark is not None
    assert np.isfinite(dark.scores).all()


class SideBySide:
    """One person, whose joints lie in a row in the order of their layout."""

    layout, short_side_px = "mediapipe33", 1

    def poses(self, picture: np.ndarray) -> np.ndarray:
        x = np.arange(33) / 33 + picture[0, 0, 0] / 1000
        return np.stack((x, x**2, np.ones(33)), axis=1)[None].astype(np.float32)


def test_a_network_of_fewer_joints_is_given_those_that_it_knows(tmp_path: Path) -> None:
    """`coco17` of `mediapipe33`: nose, eyes, ears, shoulders …"""
    coco = [0, 2, 5, 7, 8, 11, 12, 13, 14, 15, 16, 23, 24, 25, 26, 27, 28]

    class Coco:
        layout, short_side_px = "coco17", 1

        def poses(self, picture: np.ndarray) -> np.ndarray:
            return SideBySide().poses(picture)[:, coco]

    path = write_random_san(tmp_path / "san.safetensors")
    shown = clip(pictures(8))
    more, same = (build_recognizer("san", path, {"poses": estimator}) for estimator in (SideBySide(), Coco()))
    ((one, _),), ((other, _),) = (recognizer.recognize([shown], [None]) for recognizer in (more, same))
    assert one is not None
    assert other is not None
    np.testing.assert_array_equal(one.scores, other.scores)


def test_joints_that_the_estimator_does_not_find_are_told(tmp_path: Path) -> None:
    for numbers in ({"layout": "mediapipe33"}, {"coordinates": 3}):
        path = write_random_san(tmp_path / "san.safetensors", tiny(**numbers))
        with pytest.raises(CheckpointMismatch, match="the estimator finds coco17 in 2"):
            build_recognizer("san", path, {"poses": BrightPoses()})


def test_the_whole_region_is_looked_at_not_only_its_square(
    recognizer: SkeletalRecognizer, estimator: BrightPoses
) -> None:
    assert not recognizer.spec.square
    wide = np.zeros((64, 640, 3), np.uint8)
    wide[:, -20:] = 200
    ((_, state),) = recognizer.recognize([clip([wide] * 8)], [None])
    assert [len(poses) for poses in state.poses] == [1] * 8  # type: ignore[union-attr]


@pytest.mark.parametrize(("wants_px", "gets_px"), [(32, 64), (360, 360)])
def test_pictures_are_as_large_as_network_and_estimator_want_them(tmp_path: Path, wants_px: int, gets_px: int) -> None:
    class Sharp(BrightPoses):
        short_side_px = wants_px

    path = write_random_san(tmp_path / "san.safetensors")
    assert build_recognizer("san", path, {"poses": Sharp()}).spec.short_side_px == gets_px
