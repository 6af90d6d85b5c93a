"""Laws of BlazePose and MediaPipe Hands as they are run here."""

from __future__ import annotations

import math
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recognizers.errors import CheckpointMismatch
from recognizers.estimators.blaze import HandPoses, PeoplePoses, hand_square, in_fractions, person_square, refined
from recognizers.estimators.detections import Detection
from recognizers.estimators.squares import Square
from recognizers.nn.skeletons import HANDS_21, MEDIAPIPE_33, Layout
from tests.recognizers.joints import HANDS, POSE, needs_models, needs_people, picture_of

MEDIAPIPE_SAYS = {
    "nose": (0.487, 0.200),
    "l_shoulder": (0.616, 0.392),
    "r_shoulder": (0.381, 0.389),
    "l_elbow": (0.662, 0.651),
    "r_elbow": (0.292, 0.627),
    "l_wrist": (0.669, 0.880),
    "r_wrist": (0.299, 0.438),
}
"""Of the picture `milk`, by MediaPipe 1.2.2 itself (Tasks API, single pictures), as is the next."""
AND_OF_A_HAND = {
    "wrist": (0.294, 0.438),
    "thumb_4": (0.350, 0.338),
    "index_4": (0.335, 0.361),
    "middle_4": (0.338, 0.380),
    "little_4": (0.340, 0.424),
}


@pytest.fixture(scope="module")
def people() -> PeoplePoses:
    return PeoplePoses(POSE, 2, 1)


@pytest.fixture(scope="module")
def hands() -> HandPoses:
    return HandPoses(HANDS, 2, 1)


def where(pose: np.ndarray, layout: Layout, joints: dict[str, tuple[float, float]]) -> np.ndarray:
    return pose[[layout.joints.index(name) for name in joints], :2]


@needs_models
@needs_people
def test_joints_of_people_are_where_mediapipe_finds_them(people: PeoplePoses) -> None:
    (pose,) = people.poses(picture_of("milk"))
    found = where(pose, MEDIAPIPE_33, MEDIAPIPE_SAYS)
    np.testing.assert_allclose(found, list(MEDIAPIPE_SAYS.values()), atol=0.012)


@needs_models
@needs_people
def test_joints_of_hands_are_where_mediapipe_finds_them(hands: HandPoses) -> None:
    found = hands.poses(picture_of("milk"))
    assert len(found) == 2
    raised = min(found, key=lambda hand: hand[0, 1])
    np.testing.assert_allclose(
        where(raised, HANDS_21, AND_OF_A_HAND), list(AND_OF_A_HAND.values()), atol=0.012
    )  # fmt: skip


@needs_models
@needs_people
def test_everybody_in_a_picture_is_found_and_no_more_than_asked_for(people: PeoplePoses) -> None:
    one, other = picture_of("milk"), picture_of("school", 40)
    both = np.concatenate((one, other), axis=1)
    found = people.poses(both)
    assert len(found) == 2
    alone = [people.poses(picture)[0] for picture in (one, other)]
    for n, pose in enumerate(alone):
        nearest = min(found, key=lambda each: abs(each[0, 0] - (n + pose[0, 0]) / 2))
        np.testing.assert_allclose(nearest[:17, 0], (n + pose[:17, 0]) / 2, atol=0.02)
        np.testing.assert_allclose(nearest[:17, 1], pose[:17, 1], atol=0.04)
    assert len(PeoplePoses(POSE, 1, 1).poses(both)) == 1


@needs_models
@needs_people
def test_who_is_turned_on_their_side_has_the_same_joints(people: PeoplePoses, hands: HandPoses) -> None:
    """A quarter turn to the left takes (x, y) to (y, 1 - x)."""
    for estimator, count in ((people, 17), (hands, 21)):
        upright = estimator.poses(picture_of("school", 40))[0, :count]
        turned = estimator.poses(np.rot90(picture_of("school", 40)))[0, :count]
        np.testing.assert_allclose(turned[:, 0], upright[:, 1], atol=0.025)
        np.testing.assert_allclose(1 - turned[:, 1], upright[:, 0], atol=0.025)


@needs_models
@needs_people
def test_what_is_seen_is_surer_than_what_is_below_the_picture(people: PeoplePoses) -> None:
    (pose,) = people.poses(picture_of("milk"))
    sure = dict(zip(MEDIAPIPE_33.joints, pose[:, 2], strict=True))
    assert min(sure["nose"], sure["l_shoulder"], sure["r_wrist"]) > 0.9
    assert max(sure["l_ankle"], sure["r_ankle"]) < 0.5


def test_a_persons_square_stands_on_their_hips_and_leans_as_they_do() -> None:
    whole = Square(50, 50, 100)
    marks = np.array([[0.4, 0.6], [0.4 + 0.3, 0.6]], np.float32)  # the head is to the right of the hips
    square = person_square(whole, Detection(0.9, marks[:1], marks[:1], marks))
    assert (square.x, square.y) == pytest.approx((40, 60))
    assert square.side == pytest.approx(2.5 * 30)
    assert square.turn == pytest.approx(math.pi / 2)


def test_a_hands_square_is_larger_than_the_palm_and_moved_towards_the_fingers() -> None:
    whole = Square(50, 50, 100)
    marks = np.array([[0.5, 0.5], [0, 0], [0.5, 0.7]], np.float32)  # the fingers point down
    square = hand_square(
        whole, Detection(0.9, np.array([[0.5, 0.6]], np.float32), np.array([[0.1, 0.2]], np.float32), marks)
    )
    assert (square.x, square.y) == pytest.approx((50, 70))
    assert square.side == pytest.approx(2.6 * 20)
    assert abs(square.turn) == pytest.approx(math.pi)


def test_a_heat_map_moves_a_joint_to_the_middle_of_its_peak() -> None:
    heat = np.full((64, 64, 3), -20, np.float32)
    heat[30, 20, 0] = heat[30, 22, 0] = 9  # the middle is column 21
    heat[50, 50, 1] = 9  # too far away from where the joint is said to be
    places = np.array([[20.5, 29.5], [10, 10], [70, 3]], np.float32) / 64
    moved = refined(places, heat)
    np.testing.assert_allclose(moved * 64, [[21, 30], [10, 10], [70, 3]], atol=1e-3)


def test_the_surest_person_is_first_in_fractions_of_the_picture() -> None:
    picture = np.zeros((50, 200, 3), np.uint8)
    unsure, sure = np.array([[20, 10, 0.6]], np.float32), np.array([[100, 50, 0.9]], np.float32)
    found = in_fractions([unsure, sure], picture, 1)
    np.testing.assert_allclose(found, [[[0.5, 1, 0.9]], [[0.1, 0.2, 0.6]]], rtol=1e-6)


def refused(bundle: Path) -> str:
    with pytest.raises(CheckpointMismatch) as error:
        PeoplePoses(bundle, 1, 1)
    return str(error.value)


def test_a_bundle_that_is_none_is_refused(tmp_path: Path) -> None:
    bundle = tmp_path / "pose.task"
    assert "cannot read" in refused(bundle)
    bundle.write_bytes(b"<html>not found</html>")
    assert "is damaged or no bundle of networks (File is not a zip file)" in refused(bundle)
    with zipfile.ZipFile(bundle, "w") as file:
        file.writestr("pose_detector.tflite", b"no network")
    assert "pose_detector.tflite is damaged" in refused(bundle)


@needs_models
def test_the_bundle_of_other_joints_is_refused(tmp_path: Path) -> None:
    assert "has no network pose_detector.tflite; it holds hand_detector.tflite, hand_landmarks_detector" in refused(
        HANDS
    )
    renamed = tmp_path / "renamed.task"
    with zipfile.ZipFile(HANDS) as file, zipfile.ZipFile(renamed, "w") as other:
        other.writestr("pose_detector.tflite", file.read("hand_detector.tflite"))
    assert "has the shapes [(192, 192, 3)" in refused(renamed)


def test_without_litert_it_is_said_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ai_edge_litert.interpreter", None)
    with zipfile.ZipFile(tmp_path / "pose.task", "w") as file:
        file.writestr("pose_detector.tflite", b"")
    assert "pip install 'taktstream[pose]'" in refused(tmp_path / "pose.task")


@needs_models
def test_nothing_is_said_beside_the_log() -> None:
    bundle = f"Path({str(HANDS)!r})"
    code = f"from pathlib import Path; from recognizers.estimators.blaze import HandPoses; HandPoses({bundle}, 1, 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert (done.stdout, done.stderr) == ("", "")
