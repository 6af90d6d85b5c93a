"""A film of ten seconds, made once."""

from __future__ import annotations

import pytest

from streamer.media.packets import Excerpt
from streamer.testing.film import moving_square, write_film
from tests.streamer.media.excerpts import taken


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Excerpt:
    """A key frame every second."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    return taken(write_film(path, moving_square(20, 25, 160, 96), 25, g="25", sc_threshold="0"))
