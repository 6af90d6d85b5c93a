"""What finds which joints, and what is said where nothing does."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from recognizers.build import build_recognizer
from recognizers.errors import CheckpointMismatch
from recognizers.estimators.blaze import HandPoses, PeoplePoses
from recognizers.estimators.choice import build_estimator, check_bundle, model_of
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


def packed(path: Path, name: str = "pose_detector.tflite", method: int = zipfile.ZIP_DEFLATED, size: int = 9) -> Path:
    with zipfile.ZipFile(path, "w", method, compresslevel=1) as file, file.open(name, "w", force_zip64=True) as member:
        for _ in range(0, size, 1 << 20):
            member.write(bytes(min(size, 1 << 20)))
    return path


def marked(path: Path, place: int, mark: int) -> Path:
    """The bundle with another byte in the list of its members."""
    content = bytearray(path.read_bytes())
    content[content.find(b"PK\x01\x02") + place] = mark
    path.write_bytes(content)
    return path


def spoilt(path: Path) -> Path:
    content = bytearray(path.read_bytes())
    start = content.find(b"pose_detector.tflite") + 40
    content[start : start + 3] = b"\xff" * 3
    path.write_bytes(content)
    return path


BAD_BUNDLES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a bomb": (lambda path: packed(path, size=300 << 20), "has 314572800 bytes, more than a network has"),
    "encrypted": (lambda path: marked(packed(path), 8, 1), "is encrypted, or packed as no bundle is"),
    "packed otherwise": (lambda path: marked(packed(path), 10, 99), "is encrypted, or packed as no bundle is"),
    "bzip2": (lambda path: packed(path, method=zipfile.ZIP_BZIP2), "is encrypted, or packed as no bundle is"),
    "broken": (lambda path: spoilt(packed(path, size=5000)), "is damaged or no bundle of networks"),
    "no zip": (lambda path: Path(path.write_text("x") and path), "is damaged or no bundle of networks"),
    "hands": (
        lambda path: packed(path, "hand_detector.tflite"),
        "has no network pose_detector.tflite; it holds hand_detector.tflite: give the bundle for these joints",
    ),
}


@pytest.mark.parametrize("name", BAD_BUNDLES)
def test_a_bundle_that_cannot_be_read_is_told_by_the_check_and_by_what_runs_it(tmp_path: Path, name: str) -> None:
    make, said = BAD_BUNDLES[name]
    given = make(tmp_path / "given.task")
    for look in (check_bundle, lambda layout, places, path: build_estimator(layout, places, 1, path, 1)):
        with pytest.raises(CheckpointMismatch, match=re.escape(said)):
            look("coco17", 2, given)


@needs_models
@pytest.mark.parametrize(("layout", "bundle", "other"), [("mediapipe33", POSE, HANDS), ("hands21", HANDS, POSE)])
def test_a_published_bundle_is_for_its_joints_alone(layout: str, bundle: Path, other: Path) -> None:
    check_bundle(layout, 2, bundle)
    with pytest.raises(CheckpointMismatch, match="give the bundle for these joints"):
        check_bundle(layout, 2, other)
