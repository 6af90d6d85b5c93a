"""Terms grow over restarts, also where the clock was set back or many were given in a second."""

from __future__ import annotations

from pathlib import Path

from streamer.workers.terms import Terms


def test_the_first_is_the_second_that_it_is(tmp_path: Path) -> None:
    assert Terms(tmp_path / "workers" / "term").first(1000.5) == 1000


def test_it_is_above_every_one_that_was_given_before(tmp_path: Path) -> None:
    terms = Terms(tmp_path / "workers" / "term")
    terms.keep(5000)
    terms.keep(4000)
    assert Terms(tmp_path / "workers" / "term").first(1000.0) == 5001


def test_a_damaged_file_and_a_disk_that_takes_nothing_end_nothing(tmp_path: Path) -> None:
    (tmp_path / "term").write_text("no number")
    terms = Terms(tmp_path / "term")
    assert terms.first(7.0) == 7
    (tmp_path / "wall").write_text("a file where a folder should be")
    terms = Terms(tmp_path / "wall" / "term")
    terms.keep(9)
    assert terms.first(7.0) == 10
