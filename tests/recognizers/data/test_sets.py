"""Laws of data sets: people who are held out are held out."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from recognizers.data.sets import ClipListData, Sampling, WorkCellData, clip_list, split_groups
from recognizers.data.video import pictures
from recognizers.errors import DataError
from streamer.testing.film import moving_square, write_film


def quiet(what: str, done: int, of: int) -> None:
    assert 0 < done <= of, what


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = ["path,label,group"]
    for group in ("a", "b", "c", "d", "e", "f"):
        for label in ("walk", "run"):
            write_film(tmp_path / f"{label}_{group}.mp4", moving_square(1.0, 10, 64, 48), 10)
            rows.append(f"{label}_{group}.mp4,{label},{group}")
    (tmp_path / "clips.csv").write_text("\n".join(rows))
    return tmp_path


def test_no_group_is_in_two_parts(folder: Path) -> None:
    data = ClipListData(folder, (), elsewhere=2).load(Sampling(8.0, 32), quiet)
    assert data.labels == ("background", "run", "walk")
    parts = [{track.group for track in part} for part in (data.training, data.calibration, data.held_out)]
    assert parts[2] == {"group c", "group f"}
    assert all(one.isdisjoint(other) for one, other in combinations(parts, 2))
    assert {track.labels[0] for track in data.held_out} == {1, 2}


def test_videos_without_action_are_background_to_train_on(folder: Path) -> None:
    scene = write_film(folder / "scene.mp4", moving_square(1.0, 10, 64, 48), 10)
    data = ClipListData(folder, (scene,), elsewhere=0).load(Sampling(8.0, 32), quiet)
    assert [track.name for track in data.training if track.labels[0] == 0] == ["scene"]


def test_operators_of_the_work_cell_are_held_out_with_their_labels() -> None:
    data = WorkCellData(seed=50, sessions=2, session_s=8.0, held_out=2, elsewhere=5).load(Sampling(4.0, 32), quiet)
    parts = [{track.group for track in part} for part in (data.training, data.calibration, data.held_out)]
    assert all(one.isdisjoint(other) for one, other in combinations(parts, 2))
    bench = data.training[0]
    assert bench.pictures.shape == (32, 32, 32, 3)
    assert len(set(bench.labels.tolist())) > 1


def test_splitting_is_the_same_whatever_the_order() -> None:
    assert split_groups(["3", "1", "2", "1"], 3) == split_groups(["1", "2", "3"], 3) == ({"1", "2"}, {"3"})


def test_too_few_groups_cannot_be_split() -> None:
    with pytest.raises(DataError, match="people who were not trained on"):
        split_groups(["only"], 3)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("path,label\nx.mp4,walk\n", "columns path, label, group"),
        ("path,label,group\nx.mp4,walk,1\n", "not there, the first is"),
        ("path,label,group\n", "names no clip"),
        ("path,label,group,path\nx.mp4,walk,1\n", "2 columns 'path' in its first line; a clip list has columns path"),
        ("path,label\nx.mp4,walk\n", "no columns 'group' in its first line"),
        ("", "no columns 'path' in its first line"),
        ("path,label,group\nx.mp4\n", r"its 1\. clip has no label; .*, in every line"),
        (f"path,label,group\n{'x' * 200_000},walk,1\n", "no table of text"),
        ("päth", "no UTF-8 text"),
    ],
    ids=range(9),
)
def test_a_bad_list_says_what_is_wrong(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "clips.csv").write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=says):
        clip_list(tmp_path)


def test_a_list_may_begin_with_the_mark_that_spreadsheets_write(tmp_path: Path) -> None:
    (tmp_path / "x.mp4").touch()
    (tmp_path / "clips.csv").write_text("path,label,group\nx.mp4,walk,1\n", encoding="utf-8-sig")
    assert clip_list(tmp_path) == [(tmp_path / "x.mp4", "walk", "1")]


def test_a_list_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"clips\.csv"):
        clip_list(tmp_path)


def test_video_is_sampled_by_its_own_time_and_never_enlarged(tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", moving_square(2.0, 25, 64, 48), 25)
    shown = list(pictures(film, 8.0, 96))
    assert len(shown) == pytest.approx(16, abs=1)
    assert shown[0].shape == (48, 64, 3)
    assert next(pictures(film, 8.0, 24)).shape == (24, 32, 3)
    assert shown[0].dtype == np.uint8


def test_what_is_no_video_is_named(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(DataError, match=r"text\.mp4 is not a video"):
        list(pictures(text, 8.0, 96))
