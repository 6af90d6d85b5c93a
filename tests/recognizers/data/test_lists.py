"""Laws of annotations of videos: what each says of which video, and on which side it is."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from recognizers.data.charades import read_charades
from recognizers.data.folder import read_folder
from recognizers.data.kinetics import read_kinetics
from recognizers.data.listing import Listing, Recording, Span
from recognizers.data.splits import read_splits
from recognizers.errors import DataError
from tests.recognizers.data.datasets import ACTIONS, film, write_charades, write_hmdb, write_kinetics, write_ucf


def sides(listing: Listing) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in listing.recordings:
        found.setdefault(one.split, set()).add(one.path.stem)
    return found


def whole(path: str, group: str, split: str = "") -> Recording:
    return Recording(Path(path), group, (Span("walk"),), split)


def test_official_kinetics_lists_name_clips_by_their_video_and_seconds(tmp_path: Path) -> None:
    listing = read_kinetics(write_kinetics(tmp_path))
    assert listing.labels == ("jump", "run", "walk")
    assert {split: len(some) for split, some in sides(listing).items()} == {"train": 6, "val": 3, "test": 3}
    assert all(one.path.is_file() for one in listing.recordings)
    (one,) = [one for one in listing.recordings if one.path.stem == "run_00000001_000005_000015"]
    assert (one.group, one.labels, one.split) == ("run_00000001", {"run"}, "train")


def test_kinetics_lists_of_paths_and_numbers_are_named_by_a_label_map(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a b/abc_000001_000011.mp4 1\nabd.mp4 120 0\n")
    (tmp_path / "val.csv").write_text("c.mp4 1\n")
    (tmp_path / "kinetics_classnames.json").write_text('{"\\"riding a bike\\"": 1, "abseiling": 0}')
    listing = read_kinetics(tmp_path)
    assert listing.labels == ("abseiling", "riding a bike")
    said = [(str(one.path.relative_to(tmp_path)), one.group, *one.labels, one.split) for one in listing.recordings]
    assert said == [
        ("a b/abc_000001_000011.mp4", "abc", "riding a bike", "train"),
        ("abd.mp4", "abd", "abseiling", "train"),
        ("c.mp4", "c", "riding a bike", "val"),
    ]


def test_one_kinetics_list_alone_is_a_data_set(tmp_path: Path) -> None:
    listing = read_kinetics(write_kinetics(tmp_path) / "test.csv", tmp_path / "videos")
    assert sides(listing).keys() == {"test"}
    assert {part: len(some) for part, some in listing.parts().items()} == {
        "training": 0, "calibration": 0, "held_out": 3,
    }  # fmt: skip


@pytest.mark.parametrize("count", [400, 600, 700])
def test_each_kinetics_is_known_by_the_number_of_its_labels(tmp_path: Path, count: int) -> None:
    (tmp_path / "labels.txt").write_text("".join(f"action {number:03d}\n" for number in range(count)))
    (tmp_path / "val.csv").write_text(f"x.mp4 {count - 1}\n")
    listing = read_kinetics(tmp_path)
    assert listing.name == f"Kinetics-{count}"
    assert listing.recordings[0].labels == {f"action {count - 1:03d}"}
    assert not listing.unknown


def test_a_label_of_another_kinetics_is_unknown(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("id, name\n0,walk\n1,run\n")
    (tmp_path / "val.csv").write_text("x.mp4 599\n")
    assert read_kinetics(tmp_path).unknown == ("599",)


def test_charades_tells_what_goes_on_when(tmp_path: Path) -> None:
    listing = read_charades(write_charades(tmp_path))
    assert listing.labels == ACTIONS
    assert sides(listing) == {"train": {"ANNA0", "ANNA1", "BERT0", "BERT1"}, "test": {"CARL0", "CARL1"}}
    first = listing.recordings[0]
    assert (first.group, first.labels) == ("ANNA", {"walk", "run", "jump"})
    assert [first.at(moment) for moment in (0.5, 1.5, 2.5, 3.5)] == [("walk",), ("run", "walk"), ("run",), ("jump",)]
    assert first.path.is_file()


def test_charades_leaves_out_times_that_run_backwards(tmp_path: Path) -> None:
    write_charades(tmp_path)
    (tmp_path / "Charades_v1_train.csv").write_text("id,subject,actions\nX,ANNA,c000 3.0 2.0;c999 0.0 1.0\nY,BERT,\n")
    x, y, *_ = read_charades(tmp_path).recordings
    assert x.spans == (Span("c999", 0.0, 1.0),)
    assert y.spans == ()
    assert read_charades(tmp_path).unknown == ("c999",)


def test_ucf101_is_split_by_its_lists(tmp_path: Path) -> None:
    listing = read_splits(write_ucf(tmp_path))
    assert listing.labels == ACTIONS
    assert sides(listing)["test"] == {f"v_{action}_g01_c01" for action in ACTIONS}
    assert {one.group for one in listing.recordings} >= {"walk_g01", "run_g02"}
    assert all(one.path.is_file() for one in listing.recordings)
    assert sides(read_splits(tmp_path / "testlist01.txt")) == sides(listing)


def test_hmdb51_is_split_by_its_lists(tmp_path: Path) -> None:
    listing = read_splits(write_hmdb(tmp_path))
    assert listing.labels == tuple(sorted(ACTIONS))
    assert {split: len(some) for split, some in sides(listing).items()} == {"train": 6, "test": 3}
    assert {one.group for one in listing.recordings if one.split == "test"} == {"Film2"}
    assert all(one.path.is_file() for one in listing.recordings)


def test_class_folders_are_labels_and_videos_tell_their_group(tmp_path: Path) -> None:
    for action in ("walk", "run"):
        for group in (1, 2):
            film(tmp_path / action / f"v_{action}_g{group:02d}_c03.mp4", 0.5)
    film(tmp_path / "background" / "corridor.mp4", 0.5)
    listing = read_folder(tmp_path)
    assert listing.labels == ("run", "walk")
    assert {one.group for one in listing.recordings} == {"g01", "g02", "background/corridor"}
    assert [one.spans for one in listing.recordings if one.path.stem == "corridor"] == [()]
    assert {one.group for one in read_folder(tmp_path, r"(c\d+)$").recordings} == {"c03", "background/corridor"}


def test_folders_may_say_which_side_they_are_on(tmp_path: Path) -> None:
    for split in ("train", "val"):
        film(tmp_path / split / "walk" / f"{split}.mp4", 0.5)
    assert sides(read_folder(tmp_path)) == {"train": {"train"}, "val": {"val"}}


def test_sides_that_a_set_has_stay_and_every_sixth_group_calibrates() -> None:
    recordings = [whole(f"{n}.mp4", f"g{n:02d}", "train") for n in range(12)] + [whole("v.mp4", "v", "val")]
    parts = Listing("x", ("walk",), tuple(recordings)).parts()
    assert [one.group for one in parts["calibration"]] == ["g00", "g06"]
    assert [one.group for one in parts["held_out"]] == ["v"]
    parts = Listing("x", ("walk",), (*recordings, whole("t.mp4", "t", "test"))).parts()
    assert [one.group for one in parts["calibration"]] == ["v"]
    assert [one.group for one in parts["held_out"]] == ["t"]
    assert len(parts["training"]) == 12


def test_without_sides_groups_decide() -> None:
    listing = Listing("x", ("walk",), tuple(whole(f"{n}.mp4", f"g{n // 2}") for n in range(12)))
    parts = listing.parts()
    assert [one.group for one in parts["held_out"]] == ["g2", "g2", "g5", "g5"]
    groups = [{one.group for one in some} for some in parts.values()]
    assert sum(map(len, groups)) == len(set.union(*groups)) == 6


def test_what_goes_on_together_is_told_within_the_stretch_that_is_looked_at() -> None:
    spans = (Span("walk", 0, 2), Span("run", 1, 3))
    assert Recording(Path("a"), "g", spans).combinations() == {("walk",), ("run", "walk"), ("run",), ()}
    assert Recording(Path("a"), "g", spans, start_s=1.0, end_s=2.0).combinations() == {("run", "walk")}
    assert Recording(Path("a"), "g", (Span("walk", 0.0, math.inf),)).combinations() == {("walk",)}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("train.csv", "only_a_path.mp4\n", r"train\.csv:1: .* is no path and number"),
        ("train.csv", "label,youtube_id,time_start\nx,y,1\n", r"train\.csv has no column time_end"),
        ("train.csv", "label,youtube_id,time_start,time_end\nx,y,one,2\n", r"train\.csv:2: .* has no times"),
        ("test.csv", "youtube_id,time_start,time_end,split\nx,1,2,test\n", "the hidden test side of Kinetics has none"),
        ("other.csv", "a.mp4 1\n", r"needs train\.csv, val\.csv or test\.csv"),
    ],
)
def test_a_bad_kinetics_list_says_what_is_wrong(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        read_kinetics(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("labels.txt", "walk\nwalk\n", "names walk twice"),
        ("labels.txt", "", "names no label"),
        ("labels.csv", "walk,1\n", "no columns id and name"),
        ("labels.csv", "id,name\n1,walk\n3,run\n", "have gaps"),
        ("labels.json", "{", "is no JSON"),
        ("labels.json", '{"walk": "one"}', "without a number"),
    ],
)
def test_a_bad_label_map_says_what_is_wrong(tmp_path: Path, name: str, text: str, says: str) -> None:
    (tmp_path / "train.csv").write_text("a.mp4 0\n")
    (tmp_path / name).write_text(text)
    with pytest.raises(DataError, match=says):
        read_kinetics(tmp_path)


def test_other_lists_say_what_is_wrong(tmp_path: Path) -> None:
    film(tmp_path / "loose.mp4", 0.5)
    for read, says in (
        (read_charades, r"holds no \*classes\*\.txt"),
        (read_splits, "holds no split 1; it needs trainlist01.txt"),
        (read_folder, "holds no videos in folders named for labels"),
    ):
        with pytest.raises(DataError, match=says):
            read(tmp_path)
    with pytest.raises(DataError, match="no regular expression"):
        read_folder(tmp_path, "(")
    (tmp_path / "classes.txt").write_text("c000 walk\n")
    (tmp_path / "my_train.csv").write_text("id,subject,actions\nX,ANNA,c000 soon\n")
    with pytest.raises(DataError, match=r"my_train\.csv:2: 'c000 soon' is no action"):
        read_charades(tmp_path)
    (tmp_path / "trainlist01.txt").write_text("video.avi 1\n")
    with pytest.raises(DataError, match=r"trainlist01\.txt:1: .* is no class and video"):
        read_splits(tmp_path)
