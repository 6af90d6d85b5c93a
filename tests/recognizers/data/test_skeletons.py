"""Laws of recorded skeletons: parts share nobody, what is wrong with a file is told with what would be right."""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from recognizers.data.skeletons import SkeletonData, groups_of
from recognizers.errors import DataError
from tests.recognizers.skeletons import write_skeletons

PUBLIC = Path(__file__).parents[4] / "shared/data/skeletons"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_skeletons(tmp_path / "made.npz")


def test_a_subject_is_in_one_part_only(file: Path) -> None:
    data = SkeletonData(file, held_out=(2,), calibration=(3,)).load()
    assert [{one.group for one in part} for part in (data.training, data.calibration, data.held_out)] == [{1}, {3}, {2}]
    assert sum(map(len, (data.training, data.calibration, data.held_out))) == 12
    assert "subjects 2 held out" in data.description


def test_where_there_are_no_subjects_each_label_is_cut_into_blocks_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = write_skeletons(tmp_path / "made.npz", subjects=(0,), repeats=10)
    data = SkeletonData(file, held_out=(5,)).load()
    everything = SkeletonData(file, held_out=(1, 2, 3, 4)).load()
    assert groups_of(file) == (1, 2, 3, 4, 5)
    assert Counter(one.label for one in data.held_out) == {1: 2, 2: 2}
    own = [one.group for one in everything.held_out if one.label == 1]
    assert own == sorted(own)
    assert "blocks 5 held out" in data.description


def test_a_background_is_one_of_the_labels_or_comes_first(file: Path) -> None:
    added = SkeletonData(file, held_out=(2,)).load()
    own = SkeletonData(file, held_out=(2,), background="stand").load()
    assert (added.labels, added.background) == (("background", "sit", "stand"), "background")
    assert (own.labels, own.background) == (("sit", "stand"), "stand")
    assert [one.label for one in added.held_out] == [1, 1, 2, 2]
    assert [one.label for one in own.held_out] == [0, 0, 1, 1]


def test_joints_at_the_sensor_itself_were_not_seen_and_empty_frames_are_left_out(file: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(file))
    arrays["frames"][0, 4] = 0
    arrays["frames"][1] = 0
    np.savez(tmp_path / "gaps.npz", **arrays)
    first = SkeletonData(tmp_path / "gaps.npz", held_out=(2,)).load().training[0].skeletons
    assert len(first) == arrays["lengths"][0] - 1
    assert first[0, :, 3].tolist() == [1, 1, 1, 1, 0, *[1] * 15]
    assert first[1:, :, 3].all()


def test_nobody_teaches_nothing(file: Path, tmp_path: Path) -> None:
    arrays = dict(np.load(file))
    arrays["frames"][: arrays["lengths"][0]] = 0
    np.savez(tmp_path / "nobody.npz", **arrays)
    assert len(SkeletonData(tmp_path / "nobody.npz", held_out=(2,)).load().training) == 7
    assert len(SkeletonData(tmp_path / "nobody.npz", held_out=(1,)).load().held_out) == 4


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"held_out": (7,)}, r"held_out is \[7\].*; there are the subjects 1, 2, 3"),
        ({"held_out": ()}, r"held_out is \[\]"),
        ({"held_out": (1,), "calibration": (1,)}, "share subjects"),
        ({"held_out": (1, 2, 3)}, "all subjects are held out"),
    ],
)
def test_parts_that_would_give_a_wrong_figure_are_refused(
    file: Path, parts: dict[str, tuple[int, ...]], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        SkeletonData(file, **parts).load()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": None}, "needs the arrays frames, lengths, labels"),
        ({"lengths": [1, 2]}, "arrays do not go together"),
        ({"frames": np.zeros((3, 20))}, "arrays do not go together"),
        ({"names": np.array([{"a": 1}])}, "holds no skeletons"),
        ({"lengths": np.full(12, 2.0)}, "lengths are of type float64; they must be whole numbers"),
        ({"lengths": np.zeros(12, int)}, "lengths sum to 0, the shortest is 0, and there are"),
        ({"subjects": np.array(["anna"] * 12)}, "subjects are of type <U4; they must be whole numbers"),
        ({"labels": np.array(["0"] * 12)}, "labels are of type <U1; they must be whole numbers"),
        ({"labels": np.full(12, 2)}, "labels has 2; they are positions among the 2 names, from 0"),
        ({"labels": np.full(12, -1)}, "labels has -1; they are positions among the 2 names, from 0"),
        ({"names": np.array(["sit", "sit"])}, "names has 'sit' twice"),
        ({"names": np.array(["sit", " "])}, "names has an empty one"),
        ({"names": np.array([1, 2])}, "names are of type int64; they must be texts"),
        ({"frames": np.array([[["1"] * 3] * 20] * 96)}, "frames are of type <U1; they must be numbers"),
        ({name: np.zeros(0, int) for name in ("lengths", "labels", "subjects")}, "holds no sequence"),
        ({"frames": np.zeros((0, 20, 3))}, "holds no sequence"),
    ],
    ids=str,
)
def test_a_file_that_is_no_skeletons_is_named(file: Path, tmp_path: Path, change: dict[str, object], says: str) -> None:
    arrays = {name: value for name, value in {**np.load(file), **change}.items() if value is not None}
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match=says) as caught:
        SkeletonData(tmp_path / "bad.npz", held_out=(1,)).load()
    assert str(tmp_path / "bad.npz") in str(caught.value)


def test_a_missing_file_and_one_that_is_something_else_are_named(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("hello")
    for name, says in (("none.npz", "No such file"), ("text.npz", "holds no skeletons")):
        with pytest.raises(DataError, match=says) as caught:
            SkeletonData(tmp_path / name, held_out=(1,)).load()
        assert str(tmp_path / name) in str(caught.value)


@pytest.mark.parametrize("place", [np.nan, np.inf, -np.inf, 1e38, 1e300])
def test_a_coordinate_that_is_no_place_is_told_with_its_frame(file: Path, tmp_path: Path, place: float) -> None:
    arrays = dict(np.load(file))
    arrays["frames"] = arrays["frames"].astype(np.float64)
    arrays["frames"][7, 3, 1] = place
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(DataError, match="frames has no place in frame 7 "):
        SkeletonData(tmp_path / "bad.npz", held_out=(1,)).load()


def test_files_of_another_kind_are_refused_whatever_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "single.npy", np.zeros(3))
    (tmp_path / "single.npy").rename(tmp_path / "single.npz")
    (tmp_path / "empty.npz").write_bytes(b"")
    for name in ("single.npz", "empty.npz"):
        with pytest.raises(DataError, match=f"{name} holds no skeletons .*; it needs the arrays frames, lengths"):
            SkeletonData(tmp_path / name, held_out=(1,)).load()


def test_a_header_that_claims_more_than_any_memory_is_refused(file: Path, tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 20, 3)})
    with zipfile.ZipFile(file) as whole, zipfile.ZipFile(tmp_path / "vast.npz", "w") as vast:
        for name in whole.namelist():
            vast.writestr(name, header.getvalue() if name == "frames.npy" else whole.read(name))
    with pytest.raises(DataError, match=r"vast\.npz says that it holds more than this machine's memory takes"):
        SkeletonData(tmp_path / "vast.npz", held_out=(1,)).load()


def test_a_file_in_which_nobody_does_anything_is_refused(file: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "nobody.npz", **{**np.load(file), "frames": np.zeros_like(np.load(file)["frames"])})
    with pytest.raises(DataError, match="nothing that is trained on shows somebody in action"):
        SkeletonData(tmp_path / "nobody.npz", held_out=(1,)).load()


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public skeletons in ../shared/data/skeletons are not here")
@pytest.mark.parametrize(
    ("name", "groups", "labels"),
    [
        ("utkinect", (1, 3, 5, 7, 9), 11),
        ("msraction3d", (1, 3, 5, 7, 9), 21),
        ("jhmdb14", (1, 2, 3, 4, 5), 15),
        ("fingertip", (1, 2, 3, 4, 5), 5),
    ],
)
def test_public_sets_are_read(name: str, groups: tuple[int, ...], labels: int) -> None:
    file = PUBLIC / f"{name}.npz"
    assert groups_of(file) == groups
    assert len(SkeletonData(file, held_out=groups[:1]).load().labels) == labels
