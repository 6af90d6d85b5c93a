"""Clips to teach with: only what is labelled, one action each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.data.recordings import Labelled, append
from recognizers.data.taught import source_of, taught
from recognizers.data.track import Sampling
from recognizers.errors import DataError
from tests.recognizers.data.datasets import film, quiet


def record(folder: Path, *rows: tuple[str, str, float | None, float | None]) -> Path:
    """A clip for each row: label, group, from when, to when."""
    for number, (label, group, start_s, end_s) in enumerate(rows):
        film(folder / f"{number}.mp4", seed=number)
        append(folder, Labelled(f"{number}.mp4", label, start_s, end_s, group=group))
    return folder


def test_what_lies_around_a_label_is_left_out(tmp_path: Path) -> None:
    """A clip begins at a key frame, when something else may still go on."""
    rows = [("sit", group, 0.5, 1.5) for group in ("anna", "ben")] + [
        ("", group, None, None) for group in ("anna", "ben")
    ]
    clips = taught(source_of(record(tmp_path, *rows)))
    assert clips.labels == ("sit", "sit", "background", "background")
    for number in range(clips.folds.count):
        data = clips.pictures(number, 1, Sampling(10.0, 24), quiet)
        sitting = [track for track in data.held_out if track.labels.any()]
        assert [track.labels.tolist() for track in sitting] == [[1] * 10]
        assert {track.group for track in data.training} == {
            *(track.group for track in data.held_out),
            f"scene {1000 * number}",
        }
        assert not data.calibration


def test_the_place_without_an_action_is_learned_as_often_as_other_scenes(tmp_path: Path) -> None:
    rows = [(label, group, 0.2, 0.8) for label in ("sit", "") for group in ("anna", "ben")]
    clips = taught(source_of(record(tmp_path, *rows)))
    for number in range(clips.folds.count):
        data = clips.pictures(number, 3, Sampling(10.0, 24), quiet)
        moments = {"sitting": 0, "place": 0, "scenes": 0}
        for track in data.training:
            shows = "sitting" if track.labels.any() else "scenes" if track.group.startswith("scene") else "place"
            moments[shows] += len(track.labels)
        assert moments["scenes"] == pytest.approx(moments["place"], rel=0.1), moments
        assert moments["sitting"] == sum(len(track.labels) for track in data.held_out if track.labels.any())


def test_folds_share_no_clip_and_no_group(tmp_path: Path) -> None:
    rows = [(label, group, None, None) for group in ("anna", "ben", "carl") for label in ("sit", "stand")]
    clips = taught(source_of(record(tmp_path, *rows)))
    sets = [clips.pictures(number, 0, Sampling(10.0, 24), quiet) for number in range(clips.folds.count)]
    assert len(sets) == 3
    assert sorted(track.group for data in sets for track in data.held_out) == sorted(
        2 * ["group anna", "group ben", "group carl"]
    )
    assert all(len({track.group for track in data.held_out}) == 1 for data in sets)
    assert all(np.unique([track.labels[0] for track in data.held_out]).tolist() == [1, 2] for data in sets)


def test_a_folder_of_class_folders_teaches_too(tmp_path: Path) -> None:
    for label in ("sit", "background"):
        for number in range(2):
            film(tmp_path / label / f"{number}.mp4", seed=number)
    clips = taught(source_of(tmp_path))
    assert sorted(clips.labels) == ["background", "background", "sit", "sit"]


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([("", "anna", None, None), ("", "ben", None, None)], "shows no action; record some"),
        ([("sit", "anna", None, None)], "there must be two at the least"),
    ],
)
def test_too_little_is_told(rows: list[tuple[str, str, None, None]], says: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=says):
        taught(source_of(record(tmp_path, *rows)))


def test_several_actions_at_once_are_refused(tmp_path: Path) -> None:
    record(tmp_path, ("sit", "anna", None, None), ("sit", "ben", None, None))
    append(tmp_path, Labelled("0.mp4", "wave", group="anna"))
    with pytest.raises(DataError, match=r"0\.mp4 shows several actions at once"):
        taught(source_of(tmp_path))
