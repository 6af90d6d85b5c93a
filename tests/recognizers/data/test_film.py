"""Laws of films that are decoded where they are looked at: as if they had been decoded from the beginning."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recognizers.clip import ClipSpec
from recognizers.data.film import Cut, FilmPictures, Shelf
from recognizers.data.track import Track, squares
from recognizers.data.video import facts, pictures, pictures_at
from recognizers.data.windows import Jitter, TrainingWindows, even_windows
from recognizers.errors import DataError
from tests.recognizers.data.datasets import film

FILMS = {
    "as a camera encodes": {},
    "with pictures shown in another order than stored": {"tune": "film", "bf": "3", "g": "25"},
    "with open groups of pictures": {"tune": "film", "bf": "3", "g": "12", "x264-params": "open-gop=1"},
    "with one key frame": {"g": "1000"},
    "of key frames alone": {"g": "1"},
}
MANY = 60


@pytest.fixture(scope="module", params=FILMS, ids=str)
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    ending = ".mkv" if request.param == "of key frames alone" else ".mp4"
    return film(tmp_path_factory.mktemp("films") / f"film{ending}", seconds=9.0, seed=3, **FILMS[request.param])


@pytest.mark.parametrize("rate_hz", [10.0, 4.0, 16.0, 3.7])
def test_a_film_is_as_long_as_when_it_is_decoded(path: Path, rate_hz: float) -> None:
    assert facts(path).length(rate_hz) == len(list(pictures(path, rate_hz, 48)))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=12, deadline=None)
@given(rate_hz=st.sampled_from([10.0, 4.0, 16.0, 3.7]), wanted=st.sets(st.integers(0, MANY), min_size=1, max_size=8))
def test_seeking_shows_what_decoding_from_the_beginning_shows(path: Path, rate_hz: float, wanted: set[int]) -> None:
    whole = list(pictures(path, rate_hz, 32))
    positions = sorted(at for at in wanted if at < len(whole))
    for position, picture in zip(positions, pictures_at(path, positions, rate_hz, 32), strict=True):
        assert np.array_equal(picture, whole[position])


def test_all_pictures_at_once_are_those_of_the_film(path: Path) -> None:
    whole = FilmPictures(path, 8.0, Cut.square(24), Shelf(0))
    assert np.array_equal(whole.decoded(), squares(pictures(path, 8.0, 36), 24))


def test_a_stretch_begins_where_it_is_told_to(path: Path) -> None:
    shown = FilmPictures(path, 10.0, Cut.square(24), Shelf(0), start_s=3.0, end_s=5.0)
    assert len(shown) == 20
    assert np.array_equal(shown.decoded(), squares(pictures(path, 10.0, 36), 24)[30:50])


def test_positions_may_be_in_any_order_and_repeat(path: Path) -> None:
    shown = FilmPictures(path, 8.0, Cut.square(24), Shelf(1 << 20))
    whole = shown.decoded()
    for positions in ([5, 5, 2, 40], [40, 41, 5, 0]):
        assert np.array_equal(shown[np.array(positions)], whole[positions])
    assert shown.shape == (len(whole), 24, 24, 3)


def test_windows_of_a_film_are_those_of_its_pictures(path: Path) -> None:
    spec, jitter = ClipSpec(4, 0.25, 0.5, 24), Jitter(splice=0.3, still=0.3)
    lazy = FilmPictures(path, 8.0, Cut.square(24), Shelf(1 << 20))
    labels = np.arange(len(lazy)) // 30 % 2
    tracks = [Track("t", "g", 8.0, shown, labels) for shown in (lazy, lazy.decoded())]
    drawn = [TrainingWindows([track], [1, 1], 0, spec, jitter).batch(6, np.random.default_rng(1)) for track in tracks]
    assert np.array_equal(drawn[0][0], drawn[1][0])
    assert np.array_equal(drawn[0][1], drawn[1][1])
    seen, wanted = (list(even_windows(track, 2, 4, 0.25, 0.5, 0.75)) for track in tracks)
    assert len(seen) == len(wanted) > 5
    assert all(np.array_equal(one[0], other[0]) and one[1] == other[1] for one, other in zip(seen, wanted, strict=True))


def test_a_whole_picture_keeps_its_shape(path: Path) -> None:
    assert FilmPictures(path, 8.0, Cut.whole(facts(path), 24), Shelf(0)).decoded().shape[1:] == (24, 32, 3)


def test_the_shelf_holds_no_more_than_it_may_and_forgets_the_oldest() -> None:
    shelf = Shelf(3 * 12)
    picture = np.zeros((2, 2, 3), np.uint8)
    for position in range(5):
        shelf.put("film", position, picture + position)
        shelf.get("film", 2)
    assert len(shelf) == 3
    assert [shelf.get("film", position) is not None for position in range(5)] == [False, False, True, True, True]
    assert shelf.get("other", 4) is None


def test_a_film_that_was_cut_short_is_refused_where_nothing_is_left(tmp_path: Path) -> None:
    whole = film(tmp_path / "whole.mkv", seconds=9.0, g="5").read_bytes()
    short = tmp_path / "short.mkv"
    short.write_bytes(whole[: len(whole) // 2])
    shown = FilmPictures(short, 8.0, Cut.square(24), Shelf(0))
    assert len(shown[np.array([0, 4])]) == 2
    with pytest.raises(DataError, match=r"short\.mkv .*(cut short|not a video that can be read)"):
        shown[np.array([70])]


@pytest.mark.parametrize(
    ("content", "says"),
    [(None, "is not there"), (b"no video", "not a video that can be read"), (b"", "not a video that can be read")],
)
def test_what_is_no_film_is_named(tmp_path: Path, content: bytes | None, says: str) -> None:
    path = tmp_path / "film.mp4"
    if content is not None:
        path.write_bytes(content)
    for look in (lambda: facts(path), lambda: list(pictures_at(path, [0], 8.0, 24))):
        with pytest.raises(DataError, match=rf"film\.mp4 (is )?{says}"):
            look()
