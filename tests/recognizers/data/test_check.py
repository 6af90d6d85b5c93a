"""Laws of what is refused of a data set: figures that could not be believed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recognizers.data.check import Finding, Report, Wanted, check
from recognizers.data.listing import Listing, Recording, Span
from tests.recognizers.data.datasets import film, quiet

WANTED = Wanted(frames=4, interval_s=0.125, least_training=2, least_held_out=1)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    for number in range(8):
        film(folder / f"{number}.mp4", seed=10 + number)
    return folder


@pytest.fixture
def listing(films: Path) -> Listing:
    """Nothing is wrong with it: four people to train on, two each to calibrate and to test."""
    splits = ["train"] * 4 + ["val"] * 2 + ["test"] * 2
    recordings = [
        Recording(films / f"{number}.mp4", f"person {number}", (Span(("walk", "run")[number % 2]),), split)
        for number, split in enumerate(splits)
    ]
    return Listing("steps", ("walk", "run"), tuple(recordings))


def with_change(listing: Listing, number: int, **changes: object) -> Listing:
    recordings = list(listing.recordings)
    recordings[number] = replace(recordings[number], **changes)  # type: ignore[arg-type]
    return replace(listing, recordings=tuple(recordings))


def found(listing: Listing, wanted: Wanted = WANTED) -> Report:
    return check(listing, wanted, quiet)


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


def test_a_good_set_is_accepted_and_counted(listing: Listing) -> None:
    report = found(listing)
    assert report.findings == ()
    assert not report.refused
    assert report.clips["walk"] == {"training": 2, "calibration": 1, "held_out": 1}
    assert report.minutes["training"] == pytest.approx(8 / 60)
    assert report.background == {"training": 0, "calibration": 0, "held_out": 0}


def test_a_person_on_both_sides_is_refused(listing: Listing) -> None:
    finding = only(found(with_change(listing, 6, group="person 0")))
    assert (finding.kind, finding.refused) == ("leakage", True)
    assert finding.what == "1 groups are both to train on and held out: person 0"
    assert "on one side" in finding.right


def test_a_video_on_both_sides_is_refused(listing: Listing) -> None:
    report = found(with_change(listing, 6, path=listing.recordings[0].path))
    assert [finding.kind for finding in report.findings] == ["leakage"]
    assert "0.mp4" in report.findings[0].what


def test_the_same_video_under_another_name_is_refused(listing: Listing, tmp_path: Path) -> None:
    copy = tmp_path / "renamed.mp4"
    shutil.copy(listing.recordings[0].path, copy)
    finding = only(found(with_change(listing, 6, path=copy)))
    assert (finding.kind, finding.refused) == ("leakage", True)
    assert "0.mp4 and " in finding.what
    assert "renamed.mp4 (100% of their pictures)" in finding.what


def test_videos_that_were_not_compared_are_told(listing: Listing) -> None:
    finding = only(found(listing, replace(WANTED, compared=2)))
    assert not finding.refused
    assert finding.what == "2 videos were opened but not compared with others"
    assert found(listing, replace(WANTED, compared=0)).findings == ()


def test_a_label_without_clips_on_a_side_is_refused(listing: Listing) -> None:
    finding = only(found(with_change(listing, 6, spans=(Span("run"),))))
    assert (finding.kind, finding.what) == ("labels", "no clip that is held out shows walk (1 of 2 labels)")
    report = found(replace(listing, labels=("walk", "run", "jump")))
    assert [finding.kind for finding in report.findings] == ["labels", "labels"]
    assert "no clip that is to train on shows jump" in report.findings[0].what


def test_a_name_that_is_in_no_label_map_is_refused(listing: Listing) -> None:
    report = found(with_change(listing, 6, spans=(Span("Walk"), Span("walk"))))
    assert [finding.what for finding in report.findings] == ["1 labels are in no label map: Walk"]


def test_too_few_clips_are_refused_and_counted(listing: Listing) -> None:
    finding = only(found(listing, replace(WANTED, least_training=3)))
    assert (finding.kind, finding.refused) == ("few", True)
    assert finding.what == "2 labels have fewer than 3 clips that are to train on: walk (2), run (2)"


def test_clips_shorter_than_a_clip_of_the_network_are_refused_where_there_are_many(listing: Listing) -> None:
    finding = only(found(listing, replace(WANTED, frames=32)))
    assert (finding.kind, finding.refused) == ("rate", True)
    assert "8 of 8 clips are shorter than the 3.875 s of 32 pictures 0.125 s apart: 0 (2.0 s)" in finding.what
    many = replace(listing, recordings=listing.recordings * 10)
    assert not only(found(with_change(many, 0, end_s=0.2))).refused


def test_films_too_slow_for_the_interval_are_refused(listing: Listing) -> None:
    finding = only(found(listing, replace(WANTED, interval_s=0.04)))
    assert (finding.kind, finding.refused) == ("rate", True)
    assert "fewer pictures a second than one every 0.04 s: 0 (10 Hz)" in finding.what
    assert "an interval of at least 0.1 s" in finding.right


def test_unreadable_videos_are_named_and_refused_where_a_network_is_judged_by_them(
    listing: Listing, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    finding = only(found(with_change(listing, 6, path=broken)))
    assert (finding.kind, finding.refused) == ("unreadable", True)
    assert "1 videos that are held out cannot be read" in finding.what
    assert "broken.mp4" in finding.what
    note = only(found(with_change(listing, 0, path=broken)))
    assert (note.kind, note.refused) == ("unreadable", False)
    assert "training shows others of their label instead" in note.right


def test_a_set_without_a_side_to_train_on_is_for_validation_alone(listing: Listing) -> None:
    assert found(replace(listing, recordings=listing.recordings[6:])).findings == ()
