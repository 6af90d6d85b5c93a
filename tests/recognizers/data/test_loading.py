"""Laws of tracks from listings: large sets are like small ones, and what cannot be read is told."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import ClipSpec
from recognizers.data.film import FilmPictures
from recognizers.data.lists import VideoListData
from recognizers.data.loading import load
from recognizers.data.scenes import scenes
from recognizers.data.track import Sampling
from recognizers.data.windows import Jitter, TrainingWindows, even_windows
from recognizers.errors import DataError
from tests.recognizers.data.datasets import film, quiet, write_charades, write_kinetics

SAMPLING = Sampling(8.0, 24)
SPEC = ClipSpec(4, 0.25, 0.5, 24)


def windows_of(data: VideoListData, in_memory_bytes: int) -> TrainingWindows:
    loaded = load(data.listing(), SAMPLING, quiet, in_memory_bytes=in_memory_bytes)
    return TrainingWindows(loaded.training, [1.0] * len(loaded.classes), loaded.none, SPEC, Jitter())


def test_a_large_set_is_decoded_when_it_is_looked_at_and_shows_the_same(tmp_path: Path) -> None:
    data = VideoListData("kinetics", write_kinetics(tmp_path))
    small, large = (load(data.listing(), SAMPLING, quiet, in_memory_bytes=most) for most in (1 << 30, 0))
    assert all(isinstance(track.pictures, FilmPictures) for track in large.training)
    assert not any(isinstance(track.pictures, FilmPictures) for track in small.training)
    drawn = [windows_of(data, most).batch(8, np.random.default_rng(3)) for most in (1 << 30, 0)]
    assert np.array_equal(drawn[0][0], drawn[1][0])
    assert np.array_equal(drawn[0][1], drawn[1][1])


def test_parts_that_are_not_asked_for_are_not_opened(tmp_path: Path) -> None:
    data = VideoListData("kinetics", write_kinetics(tmp_path), elsewhere=2)
    for path in (tmp_path / "videos").rglob("*_00000000_*"):  # on the training side
        path.unlink()
    loaded = data.load(SAMPLING, quiet, ("held_out",))
    assert (len(loaded.training), len(loaded.calibration), len(loaded.held_out)) == (0, 0, 3)


def test_actions_that_go_on_at_once_are_classes_of_several_labels(tmp_path: Path) -> None:
    loaded = VideoListData("charades", write_charades(tmp_path)).load(SAMPLING, quiet)
    names = [tuple(loaded.labels[place] for place in places) for places in loaded.classes]
    assert names == [("background",), ("jump",), ("run",), ("run", "walk"), ("walk",)]
    assert loaded.none == 0
    (track, *_) = loaded.held_out
    shown = [names[label] for label in track.labels[[0, 8, 16, 24, 31]]]
    assert shown == [("walk",), ("run", "walk"), ("run",), ("jump",), ("jump",)]
    assert loaded.truth(track.labels[[8]]).tolist() == [[0, 1, 1, 0]]


def test_an_unreadable_training_video_is_named_and_another_of_its_label_is_shown(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = VideoListData("kinetics", write_kinetics(tmp_path))
    (broken,) = (tmp_path / "videos").rglob("walk_00000001_*")
    broken.write_bytes(broken.read_bytes()[:200])
    loaded = load(data.listing(), SAMPLING, quiet)
    assert len(loaded.unreadable) == 1
    assert "walk_00000001_000005_000015.mp4 is not a video" in loaded.unreadable[0]
    _, labels = windows_of(data, 1 << 30).batch(40, np.random.default_rng(1))
    assert loaded.labels.index("walk") in labels


def test_a_video_that_breaks_while_training_is_replaced_counted_and_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    windows = windows_of(VideoListData("kinetics", write_kinetics(tmp_path)), 0)
    (broken,) = (tmp_path / "videos").rglob("walk_00000001_*")
    broken.write_bytes(b"overwritten")
    with caplog.at_level(logging.WARNING):
        pictures, labels = windows.batch(30, np.random.default_rng(2))
    assert len(windows.unreadable) == 1
    assert "walk_00000001" in windows.unreadable[0]
    assert [record.message for record in caplog.records] == [
        f"{windows.unreadable[0]}; another recording is shown instead (1 so far)"
    ]
    again, its = windows.batch(30, np.random.default_rng(2))
    assert np.array_equal(again, pictures)
    assert np.array_equal(its, labels)


def test_a_label_of_which_nothing_can_be_read_ends_the_training(tmp_path: Path) -> None:
    windows = windows_of(VideoListData("kinetics", write_kinetics(tmp_path)), 0)
    for broken in (tmp_path / "videos").rglob("walk_*"):
        broken.write_bytes(b"overwritten")
    with pytest.raises(DataError, match=r"20 recordings in a row could not be read, the last: .*walk_"):
        windows.batch(30, np.random.default_rng(2))


@pytest.mark.parametrize("in_memory_bytes", [0, 1 << 30])
def test_no_other_video_takes_the_place_of_one_that_a_network_is_judged_by(
    tmp_path: Path, in_memory_bytes: int
) -> None:
    data = VideoListData("kinetics", write_kinetics(tmp_path))
    next((tmp_path / "videos").rglob("run_00000003_*")).write_bytes(b"broken")
    next((tmp_path / "videos").rglob("walk_00000003_*")).unlink()
    with pytest.raises(DataError, match=r"2 of the videos .* no other may take their place: .* \(and 1 more\)"):
        load(data.listing(), SAMPLING, quiet, in_memory_bytes=in_memory_bytes)


def test_a_video_that_breaks_before_it_is_judged_ends_the_judging(tmp_path: Path) -> None:
    data = VideoListData("kinetics", write_kinetics(tmp_path))
    loaded = load(data.listing(), SAMPLING, quiet, in_memory_bytes=0)
    for path in (tmp_path / "videos").rglob("*_00000003_*"):
        path.write_bytes(b"broken")
    with pytest.raises(DataError, match=r"00000003.* is not a video"):
        list(even_windows(loaded.held_out[0], 4, 4, 0.25, 0.5, 0.75))


def test_labels_that_are_in_no_label_map_are_refused(tmp_path: Path) -> None:
    (tmp_path / "labels.txt").write_text("walk\nrun\n")
    data = VideoListData("kinetics", write_kinetics(tmp_path))
    with pytest.raises(DataError, match=r"label map does not hold: jump; mend the names, or give the label map"):
        data.load(SAMPLING, quiet)


def test_scenes_without_actions_are_background(tmp_path: Path) -> None:
    scene = film(tmp_path / "scene.mp4", 1.0)
    folder = tmp_path / "kinetics"
    folder.mkdir()
    data = VideoListData("kinetics", write_kinetics(folder), negatives=(scene,), elsewhere=1)
    loaded = data.load(SAMPLING, quiet)
    assert [track.name for track in loaded.training if track.labels[0] == loaded.none] == ["scene", "elsewhere 0"]


def test_a_scene_holds_a_picture_however_seldom_they_are_kept() -> None:
    (track,) = scenes(0, 1, Sampling(0.002, 24), 0, quiet)
    assert (len(track.pictures), len(track.labels)) == (1, 1)
