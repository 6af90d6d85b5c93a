"""Films for tests keep size, rate and order."""

from __future__ import annotations

from pathlib import Path

from streamer.testing.film import moving_square, read_film, write_film


def test_a_film_has_a_picture_for_every_picture_written(tmp_path: Path) -> None:
    film = write_film(tmp_path / "square.mp4", moving_square(1, 10), fps=10)

    assert len(list(read_film(film, 320, 180, 10))) == 10


def test_a_film_read_at_twice_its_rate_repeats_pictures(tmp_path: Path) -> None:
    film = write_film(tmp_path / "square.mp4", moving_square(1, 10), fps=10)
    pictures = list(read_film(film, 160, 90, 20))

    assert len(pictures) in (19, 20)
    assert pictures[0].shape == (90, 160, 3)
