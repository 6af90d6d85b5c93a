"""What a network is judged by: whole recordings, stretches of them, pieces of sessions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recognizers.data.listing import Listing, Recording, Span
from recognizers.data.track import Track
from recognizers.errors import DataError
from recognizers.validation.footage import filmed, pieces
from recognizers.validation.material import listed
from streamer.testing.film import write_film
from tests.recognizers.networks import says

FPS = 10


def film(path: Path, seconds: int = 4) -> Path:
    """Each second a little brighter: 20, 60, 100, 140 …"""
    pictures = (np.full((48, 96, 3), 20 + 40 * (n // FPS), np.uint8) for n in range(seconds * FPS))
    return write_film(path, pictures, FPS)


def brightness(pictures: np.ndarray) -> list[int]:
    return [round(float(one.mean()) / 20) * 20 for one in pictures]


def test_a_recording_is_read_whole_at_the_rate_and_size_that_are_asked_for(tmp_path: Path) -> None:
    footage = filmed(Recording(film(tmp_path / "a.mp4"), "g", (Span("pick"),)), "none")

    shown = footage.read(FPS / 2, 24)

    assert footage.actions == ("pick",)
    assert shown.shape[1:] == (24, 48, 3)
    assert brightness(shown[np.array([2, 7, 12, 17])]) == [20, 60, 100, 140]


def test_a_network_that_says_one_thing_is_shown_each_stretch_by_itself(tmp_path: Path) -> None:
    spans = (Span("pick", 1.0, 2.0), Span("place", 3.0))
    listing = Listing("a set", ("pick", "place"), (Recording(film(tmp_path / "a.mp4"), "g", spans),))

    material = listed(listing, says(("none", "pick", "place")), "all")

    assert [one.actions for one in material.footage] == [("pick",), ("place",)]
    shown = [one.read(FPS, 24) for one in material.footage]
    assert [set(brightness(one[np.arange(len(one))])) for one in shown] == [{60}, {140}]
    assert [one.name for one in material.sessions] == ["a"]


def test_a_network_that_says_several_is_shown_the_whole(tmp_path: Path) -> None:
    spans = (Span("pick", 1.0, 3.0), Span("place", 2.0))
    listing = Listing("a set", ("pick", "place"), (Recording(film(tmp_path / "a.mp4"), "g", spans),))

    (one,) = listed(listing, says(("none", "pick", "place"), multilabel=True), "all").footage

    assert one.actions == ("pick", "place")
    assert len(one.read(FPS, 24)) == 4 * FPS


def test_one_thing_cannot_be_said_of_several_at_once(tmp_path: Path) -> None:
    spans = (Span("pick", 1.0, 3.0), Span("place", 2.0))
    listing = Listing("a set", ("pick", "place"), (Recording(tmp_path / "a.mp4", "g", spans),))
    with pytest.raises(DataError, match="several actions at once"):
        listed(listing, says(("none", "pick", "place")), "all")


def test_a_part_without_recordings_is_told(tmp_path: Path) -> None:
    listing = Listing("a set", ("pick",), (Recording(tmp_path / "a.mp4", "g", (Span("pick"),), "train"),))
    with pytest.raises(DataError, match="no recording that is held out; try --part all"):
        listed(listing, says(("none", "pick")), "held_out")


def test_whole_clips_are_no_sessions(tmp_path: Path) -> None:
    rows = (Recording(tmp_path / "a.mp4", "g", (Span("pick"),)), Recording(tmp_path / "b.mp4", "g", ()))
    material = listed(Listing("a set", ("pick",), rows), says(("none", "pick")), "all")
    assert (len(material.footage), material.sessions) == (2, ())


def test_runs_of_a_session_are_pieces_where_they_last() -> None:
    pictures = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    track = Track("cell", "operator", 2.0, pictures, np.array([0, 0, 0, 1, 1, 1, 1, 2, 0, 0, 0, 0]))

    found = list(pieces(track, ("idle", "pick", "place"), "idle", 1.5))

    assert [one.actions for one in found] == [(), ("pick",), ()]
    shown = found[1].read(1.0, 8)
    assert shown[np.arange(len(shown))][:, 0, 0, 0].tolist() == [3, 5]
