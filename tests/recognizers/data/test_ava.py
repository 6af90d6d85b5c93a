"""Laws of AVA: whose box, which actions, which second."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import ClipSpec
from recognizers.data.actor_windows import actor_windows
from recognizers.data.actors import KeyedTrack
from recognizers.data.ava import AvaData
from recognizers.data.ava_lists import read_ava
from recognizers.data.track import Sampling
from recognizers.errors import DataError
from tests.recognizers.data.datasets import film, quiet, write_ava

SPEC = ClipSpec(4, 0.25, 0.5, 32)


def test_key_frames_hold_people_with_all_their_actions(tmp_path: Path) -> None:
    given = read_ava(write_ava(tmp_path))
    assert dict(given.names) == {1: "stand", 3: "talk to (e.g., self)"}
    (video,) = [one for one in given.videos if one.split == "val"]
    assert [(frame.key, [person.actions for person in frame.people]) for frame in video.frames] == [
        ("ccc,0902", [(1, 3), (3,)]),
        ("ccc,0903", [(1, 3), ()]),
        ("ccc,0905", []),
    ]
    assert video.frames[0].people[1].box == (0.5, 0.1, 0.9, 0.95)
    assert given.left_out == 3
    assert [frame.key for frame in given.truth()] == ["ccc,0902", "ccc,0903", "ccc,0905"]


def test_excluded_seconds_are_neither_learned_nor_judged(tmp_path: Path) -> None:
    given = read_ava(write_ava(tmp_path))
    seconds = {video.path.stem: [frame.second for frame in video.frames] for video in given.videos}
    assert seconds == {"aaa": [902, 903, 905], "bbb": [902, 903, 904, 905], "ccc": [902, 903, 905]}


def test_films_become_tracks_with_moments(tmp_path: Path) -> None:
    data = AvaData(write_ava(tmp_path)).load(Sampling(8.0, 32), quiet)
    assert data.labels == ("background", "stand", "talk to (e.g., self)")
    (track,) = data.held_out
    assert isinstance(track, KeyedTrack)
    assert track.pictures.shape == (64, 32, 32, 3)  # 48 by 64 in multiples of 32
    assert [moment.position for moment in track.moments] == [16, 24]
    assert track.moments[0].truth.tolist() == [[0, 1, 1], [0, 0, 1]]
    assert track.moments[1].truth.tolist() == [[0, 1, 1], [1, 0, 0]]
    assert np.allclose(track.moments[0].boxes, [[0.1, 0.2, 0.4, 0.9], [0.5, 0.1, 0.9, 0.95]])
    assert {one.group for one in data.training} | {one.group for one in data.calibration} == {"film aaa", "film bbb"}


def test_whole_films_begin_with_their_own_first_second(tmp_path: Path) -> None:
    write_ava(tmp_path)
    for split in ("train", "val"):
        path = tmp_path / f"ava_{split}_v2.2.csv"
        path.write_text(path.read_text().replace(",090", ",000"))
    data = AvaData(tmp_path).load(Sampling(8.0, 32), quiet)
    assert [moment.position for moment in data.held_out[0].moments] == [16, 24, 32]  # type: ignore[union-attr]


def test_a_clip_lies_around_its_moment_and_stands_at_the_ends_of_the_film(tmp_path: Path) -> None:
    data = AvaData(write_ava(tmp_path)).load(Sampling(8.0, 32), quiet)
    track = data.held_out[0]
    first, *_ = actor_windows(track, SPEC, 2.0)
    assert first.positions.tolist() == [12, 14, 16, 18]  # type: ignore[attr-defined]
    assert first.pictures.shape == (4, 32, 32, 3)
    assert first.truth(3).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert first.played(10.0).positions.tolist() == [0, 6, 16, 26]  # type: ignore[attr-defined]
    assert first.repeating([1, 3]).positions.tolist() == [12, 12, 16, 16]  # type: ignore[attr-defined]


def test_a_film_without_an_annotated_second_says_so(tmp_path: Path) -> None:
    write_ava(tmp_path)
    film(tmp_path / "videos" / "ccc.mkv", seconds=2.0)
    with pytest.raises(DataError, match=r"ccc\.mkv lasts 2 s and has no second 902"):
        AvaData(tmp_path).load(Sampling(8.0, 32), quiet)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("ava_val_v2.2.csv", "ccc,0902,0.1,0.2\n", r"ava_val_v2\.2\.csv:1: .* is no row"),
        ("ava_val_v2.2.csv", "ccc,0902,0.5,0.2,0.4,0.9,1,0\n", "is not left, top, right, bottom in fractions"),
        ("ava_action_list_v2.2_for_activitynet_2019.pbtxt", "item { id: 1 }", "an item has no name or no id"),
    ],
)
def test_bad_lists_say_what_is_wrong(tmp_path: Path, name: str, text: str, says: str) -> None:
    write_ava(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        read_ava(tmp_path)
