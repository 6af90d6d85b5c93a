"""Numbers of connections."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from streamer.sinks.sparkplug.numbers import Connections


def test_the_first_is_0_and_each_one_more_also_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "sparkplug.json"
    one = Connections(file)
    assert [one.next(), one.next()] == [0, 1]
    assert Connections(file).next() == 2


def test_after_255_comes_0(tmp_path: Path) -> None:
    one = Connections(tmp_path / "sparkplug.json")
    assert [one.next() for _ in range(257)][-2:] == [255, 0]


@pytest.mark.parametrize("text", ["", "{}", '{"bdSeq": "many"}', "[]"])
def test_a_file_that_says_nothing_is_a_new_beginning(tmp_path: Path, text: str) -> None:
    (tmp_path / "sparkplug.json").write_text(text)
    assert Connections(tmp_path / "sparkplug.json").next() == 0


def test_a_folder_that_takes_no_file_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "sparkplug.json").mkdir()
    with caplog.at_level(logging.WARNING):
        one = Connections(tmp_path / "sparkplug.json")
        assert [one.next(), one.next()] == [0, 1]
    assert "is not kept for the next start" in caplog.text
