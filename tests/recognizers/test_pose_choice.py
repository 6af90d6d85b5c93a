"""What finds which joints, and what is said where nothing does."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recognizers.build import build_recognizer
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.blaze import HandPoses, PeoplePoses
from recognizers.estimators.choice import build_estimator, model_of
from recognizers.estimators.downloads import DOWNLOADS, cache_folder, file_of
from tests.recognizers.joints import HANDS, POSE, needs_models
from tests.recognizers.skeletons import tiny, write_random_san


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "takt" / "models"


def test_models_are_expected_in_the_cache_folder_of_the_user() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/c"}) == Path("/c/takt/models")
    assert cache_folder({"XDG_CACHE_HOME": ""}) == cache_folder({}) == Path.home() / ".cache/takt/models"


def test_every_download_says_where_it_comes_from_and_how_it_is_known() -> None:
    assert len({download.file for download in DOWNLOADS.values()}) == len(DOWNLOADS)
    for download in DOWNLOADS.values():
        assert urlsplit(download.url).scheme == "https"
        assert re.fullmatch("[0-9a-f]{64}", download.sha256)
        assert download.size > 100_000


def test_a_given_file_is_taken_else_the_one_in_the_cache(tmp_path: Path, empty_cache: Path) -> None:
    given = tmp_path / "own.task"
    given.touch()
    assert file_of("pose", given, {}) == given
    empty_cache.mkdir(parents=True)
    cached = empty_cache / "pose_landmarker_full.task"
    cached.touch()
    assert model_of("coco17", 2, None) == cached
    assert model_of("mediapipe33", 2, str(given)) == given


def test_a_bundle_that_is_not_there_is_told_with_its_source(tmp_path: Path, empty_cache: Path) -> None:
    with pytest.raises(CheckpointMismatch, match=r"hand_landmarker\.task") as error:
        model_of("hands21", 2, None)
    assert str(empty_cache / DOWNLOADS["hands"].file) in str(error.value)
    assert DOWNLOADS["hands"].sha256 in str(error.value)
    with pytest.raises(CheckpointMismatch, match=r"no such file: .*nowhere\.task"):
        model_of("hands21", 2, tmp_path / "nowhere.task")


@pytest.mark.parametrize(("layout", "coordinates"), [("kinect20", 3), ("kinect20", 2), ("coco17", 3), ("fingertip", 2)])
def test_joints_that_nothing_finds_are_told_with_those_that_are_found(layout: str, coordinates: int) -> None:
    found = re.escape("in 2: coco17 (people), mediapipe33 (people), hands21 (hands); train on one")
    said = f"looks at {layout} in {coordinates} dimensions, which nothing finds in pictures; found are, {found}"
    with pytest.raises(CheckpointMismatch, match=said):
        model_of(layout, coordinates, None)


@needs_models
def test_the_joints_of_a_network_decide_what_finds_them(tmp_path: Path) -> None:
    assert isinstance(build_estimator("coco17", 2, 1, POSE, 1), PeoplePoses)
    assert isinstance(build_estimator("hands21", 2, 1, HANDS, 1), HandPoses)
    san = write_random_san(tmp_path / "san.safetensors", tiny(layout="hands21"))
    assert build_recognizer("san", san, {"pose_model": HANDS}).labels == ("nothing", "sit", "stand")


def test_a_san_without_its_estimator_is_refused(tmp_path: Path) -> None:
    san = write_random_san(tmp_path / "san.safetensors")
    with pytest.raises(CheckpointMismatch, match="the model pose is not there"):
        build_recognizer("san", san, {})
