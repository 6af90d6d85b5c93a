"""Topics say where something stands, in the words of ISA-95."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from streamer.settings.places import Place, filled, wrong_prefix
from tests.streamer.settings.files import VALID, mistakes


@pytest.mark.parametrize(
    ("prefix", "place", "topic"),
    [
        ("takt", {}, "takt"),
        ("plant/takt", {"site": "north"}, "plant/takt"),
        ("{site}/{area}/{line}/takt", {"site": "north", "area": "gears", "line": "l2"}, "north/gears/l2/takt"),
        ("{site}/{area}/{line}/takt", {"site": "north"}, "north/takt"),
        ("acme-{site}/takt", {"site": "north"}, "acme-north/takt"),
    ],
)
def test_a_prefix_is_filled_with_what_a_place_says(prefix: str, place: dict[str, str], topic: str) -> None:
    assert wrong_prefix(prefix) is None
    assert filled(prefix, place) == topic


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("", "must be a topic"),
        ("{site}/#", "must be a topic"),
        ("{plant}/takt", "{plant}, which is no level; there are enterprise, site, area, line, cell"),
        ("{site/takt", "a brace that is not closed"),
        ("{}/takt", "{}, which is no level"),
    ],
)
def test_what_is_wrong_with_a_prefix_is_said(prefix: str, told: str) -> None:
    assert told in (wrong_prefix(prefix) or "")


def test_a_stream_must_say_what_the_prefix_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, VALID + "mqtt: {prefix: '{site}/{line}/takt', place: {site: north}}\n")
    assert "streams.0: must say its line, which mqtt.prefix names; give place.line" in mistake


@pytest.mark.parametrize("level", ["a/b", "+", "#", "$SYS", "", "a{b}"])
def test_a_level_is_one_part_of_a_topic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: str) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, VALID + f"mqtt: {{place: {{site: '{level}'}}}}\n")
    assert "mqtt.place.site" in mistake


def test_a_stream_is_not_called_as_other_topics_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (mistake,) = mistakes(tmp_path, VALID.replace("id: cell-4", "id: service"))
    assert "service stands for other topics" in mistake


@pytest.mark.parametrize("word", ["a/b", "", "$a", "a+", "{site}", "x" * 65])
def test_a_level_that_is_none_is_told_in_its_own_words(word: str) -> None:
    with pytest.raises(ValidationError, match="must be one level of a topic"):
        Place(site=word)
