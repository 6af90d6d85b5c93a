"""Laws of joints that are found in clips: as live, and nobody who is held out is trained on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import Picture
from recognizers.data.joints import Looking, joints_in
from recognizers.data.lists import VideoListData
from recognizers.data.recordings import Labelled, append
from recognizers.data.sets import ClipListData
from recognizers.errors import DataError
from streamer.testing.film import write_film

FPS, WIDTH, HEIGHT = 10, 96, 48


class Brightness:
    """One person whose joints all lie in one place, as sure as the picture is bright; nobody in the dark."""

    layout, short_side_px = "mediapipe33", HEIGHT

    def poses(self, picture: Picture) -> np.ndarray:
        sure = float(picture.mean()) / 255
        return np.tile(np.array([0.5, 0.25, sure], np.float32), (int(sure > 0.1), 33, 1))


def lit(brightness: int, pictures: int) -> Iterator[Picture]:
    return (np.full((HEIGHT, WIDTH, 3), brightness, np.uint8) for _ in range(pictures))


def looking(frames: int = 8, layout: str = "coco17") -> Looking:
    return Looking(Brightness(), layout, FPS, frames)


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["path,label,group"]
    for group in "abcdef":
        for label in ("sit", "stand", ""):
            write_film(tmp_path / f"{label}_{group}.mp4", lit(200, 20), FPS)
            rows.append(f"{label}_{group}.mp4,{label},{group}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    return tmp_path


def test_joints_are_in_heights_of_the_picture_and_those_of_the_layout(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", lit(200, 12), FPS)
    found = looking().film(film)
    assert found.shape == (12, 17, 3)
    np.testing.assert_allclose(found, np.broadcast_to([1.0, 0.25, 1], found.shape))


def test_what_is_not_seen_is_zeros(tmp_path: Path) -> None:
    for brightness in (0, 90):  # nobody; somebody who is not sure
        assert not looking().film(write_film(tmp_path / f"{brightness}.mp4", lit(brightness, 3), FPS)).any()


def test_films_are_cut_into_clips_that_overlap_by_half() -> None:
    film = np.arange(21, dtype=np.float32).reshape(21, 1, 1)
    assert [(piece[0, 0, 0], len(piece)) for piece in looking(8).pieces(film)] == [(0, 8), (4, 8), (8, 8), (12, 8)]
    assert [len(piece) for piece in looking(32).pieces(film)] == [21]
    assert [len(piece) for piece in looking(1).pieces(film[:3])] == [1, 1, 1]


def test_no_group_is_in_two_parts_and_every_part_shows_every_label(folder: Path) -> None:
    found = joints_in(ClipListData(folder, (), elsewhere=9), looking(), quiet)
    assert found.labels == ("background", "sit", "stand")
    groups = [{one.group for one in part} for part in (found.training, found.calibration, found.held_out)]
    assert groups[2] == {3, 6}
    assert all(one.isdisjoint(other) for one, other in combinations(groups, 2))
    for part in (found.training, found.calibration, found.held_out):
        assert {one.label for one in part} == {0, 1, 2}


def test_who_is_seen_in_other_films_is_background_to_train_on(folder: Path) -> None:
    bright, dark = (write_film(folder / f"scene {n}.mp4", lit(n, 8), FPS) for n in (200, 0))
    found = joints_in(ClipListData(folder, (bright, dark), elsewhere=0), looking(), quiet)
    assert [one.label for one in found.training if one.group == 0] == [0]


def test_clips_of_several_actions_are_refused(folder: Path) -> None:
    (folder / "clips.csv").write_text("path,label,group\nsit_a.mp4,sit;stand,a\n")
    with pytest.raises(DataError, match=r"sit_a\.mp4 shows several actions at once"):
        joints_in(ClipListData(folder, (), elsewhere=0), looking(), quiet)


def test_joints_of_recordings_have_the_label_of_their_stretch(tmp_path: Path) -> None:
    for group in "abc":
        write_film(tmp_path / f"{group}.mp4", lit(200, 30), FPS)
        append(tmp_path, Labelled(f"{group}.mp4", "sit", 1.0, 2.0, group=group))
    found = joints_in(VideoListData("recordings", tmp_path), looking(frames=32), quiet)
    assert found.labels == ("background", "sit")
    assert [(one.group, one.label, len(one.skeletons)) for one in found.held_out] == [
        (3, 0, 10),
        (3, 1, 10),
        (3, 0, 10),
    ]
