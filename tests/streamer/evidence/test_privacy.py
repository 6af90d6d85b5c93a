"""What must not be seen is not seen: masks are black, people and surroundings are blocks, doubt hides everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recognizers.clip import Picture, Region
from recognizers.errors import DeviceFailed
from recognizers.estimators.base import Found
from recognizers.estimators.fastestdet import FastestDet
from streamer.evidence.develop import MOST_PEOPLE, UNSURE
from streamer.evidence.privacy import LOOK_S, MOST_HELD, Privacy, Redactor, covered
from streamer.media.decoding import coded_of, decoded
from tests.streamer.media.excerpts import taken

RECTANGLE = ((0.25, 0.25), (0.5, 0.25), (0.5, 0.5), (0.25, 0.5))


def noise(seed: int = 0, height: int = 96, width: int = 128) -> Picture:
    return np.random.default_rng(seed).integers(1, 256, (height, width, 3)).astype(np.uint8)


@dataclass(slots=True)
class Detector:
    """Sees one person where it is told, in the order of its looks."""

    boxes: list[tuple[float, float, float, float] | None]
    fails: bool = False
    short_side_px: int = 96

    def actors(self, picture: Picture) -> Found:
        if self.fails:
            raise DeviceFailed("told so")
        box = self.boxes.pop(0) if len(self.boxes) > 1 else self.boxes[0]
        there = [] if box is None else [box]
        return Found(np.array(there, np.float32).reshape(-1, 4), np.ones(len(there), np.float32))


def people(*boxes: tuple[float, float, float, float] | None, fails: bool = False) -> Redactor:
    return Redactor(Privacy(blur="people"), Detector(list(boxes), fails))


def test_without_privacy_pictures_stay_as_they_are() -> None:
    assert not Privacy().hides
    assert np.array_equal(Redactor(Privacy()).still(noise()), noise())


def test_a_mask_is_black_and_nothing_else_is_changed() -> None:
    picture = noise()
    hidden = Redactor(Privacy(masks=(RECTANGLE,))).still(picture)
    assert not hidden[24:48, 32:64].any()
    outside = np.ones(picture.shape[:2], bool)
    outside[21:51, 29:67] = False
    assert np.array_equal(hidden[outside], picture[outside])
    assert np.array_equal(picture, noise()), "what was given is not changed"


@settings(max_examples=200, deadline=None)
@example([(0.0, 0.0), (0.0, 5e-324), (1.0, 0.0)], 0.0, 0.0)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=3, max_size=3), st.floats(0, 1), st.floats(0, 1))
def test_every_point_between_the_corners_of_a_triangle_is_covered(
    corners: list[tuple[float, float]], one: float, other: float
) -> None:
    (ax, ay), (bx, by), (cx, cy) = corners
    u, v = (one, other) if one + other <= 1 else (1 - one, 1 - other)
    x, y = ax + u * (bx - ax) + v * (cx - ax), ay + u * (by - ay) + v * (cy - ay)
    mask = covered(tuple(corners), 40, 60)
    assert mask[min(39, int(y * 40)), min(59, int(x * 60))]


def test_only_the_regions_stay_where_surroundings_are_hidden_and_masks_win() -> None:
    region = Region(0.25, 0.25, 0.75, 0.75)
    picture = noise()
    hidden = Redactor(Privacy((RECTANGLE,), "surroundings", (region,))).still(picture)
    assert np.array_equal(hidden[52:72, 68:96], picture[52:72, 68:96])
    assert not hidden[24:48, 32:64].any()
    assert detail(hidden[:24]) < detail(picture[:24]) / 20


def detail(part: Picture) -> float:
    """How many different colours there are."""
    return float(len(np.unique(part.reshape(-1, 3), axis=0)))


def test_a_person_is_a_few_blocks_and_nothing_else_is_changed() -> None:
    picture = noise()
    hidden = people((0.25, 0.25, 0.5, 0.75)).still(picture)
    assert detail(hidden[24:72, 32:64]) <= 8 * 8
    outside = np.ones(picture.shape[:2], bool)
    outside[int(0.17 * 96) : int(0.83 * 96) + 1, int(0.21 * 128) : int(0.54 * 128) + 1] = False
    assert np.array_equal(hidden[outside], picture[outside])


def test_blocks_say_nothing_but_the_mean_of_what_they_hide() -> None:
    """Two people who differ only within blocks look the same: nothing can tell them apart again."""
    one, box = noise(), (0.0, 0.0, 1.0, 1.0)
    hidden = people(box).still(one)
    size = next(n for n in range(1, 128) if (hidden[0, n] != hidden[0, 0]).any())
    other = one.copy()
    for top in range(0, 96, size):
        for left in range(0, 128, size):
            other[top : top + size, left : left + size] = other[top : top + size, left : left + size][::-1, ::-1]
    assert not np.array_equal(one, other)
    assert np.array_equal(people(box).still(other), hidden)
    assert size >= 96 // 16 // 4


@pytest.mark.parametrize("redactor", [people(None, fails=True), Redactor(Privacy(blur="people"))])
def test_where_nobody_can_say_where_people_are_everything_is_hidden(redactor: Redactor) -> None:
    assert detail(redactor.still(noise())) <= 16 * 22


def film(count: int, step_s: float = 0.04) -> Iterator[tuple[float, Picture]]:
    for number in range(count):
        yield number * step_s, noise(number)


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("step_s", [0.001, 0.04, 0.5])
def test_a_film_has_all_its_pictures_in_order(count: int, step_s: float) -> None:
    for redactor in (people(None), Redactor(Privacy()), Redactor(Privacy((RECTANGLE,)))):
        assert [at_s for at_s, _ in redactor.film(film(count, step_s))] == [number * step_s for number in range(count)]


def test_who_moves_is_hidden_where_they_were_and_where_they_go() -> None:
    left, right = (0.1, 0.2, 0.3, 0.8), (0.6, 0.2, 0.8, 0.8)
    shown = list(people(left, right, right).film(film(20)))
    for at_s, hidden in shown:
        if at_s < 2 * LOOK_S - 0.01:
            assert detail(hidden[24:72, 14:38]) <= 64, at_s
        assert detail(hidden[24:72, 78:102]) <= 64, at_s


def test_who_is_overlooked_once_is_hidden_all_the_same() -> None:
    box = (0.25, 0.25, 0.5, 0.75)
    for at_s, hidden in people(box, None, box).film(film(16)):
        assert detail(hidden[24:72, 32:64]) <= 64, at_s


def test_live_pictures_hide_who_was_seen_in_the_picture_before_too() -> None:
    redactor, picture = people((0.1, 0.1, 0.3, 0.9), None, (0.6, 0.1, 0.8, 0.9)), noise()
    shown = [redactor.moving(at_s, picture) for at_s in (0.0, 0.2, 5.0)]
    changed = [(one != picture).any(axis=(0, 2)) for one in shown]
    assert [columns[20:30].any() for columns in changed] == [True, True, False]  # a look of long ago says nothing
    assert [columns[85:95].any() for columns in changed] == [False, False, True]


def test_live_pictures_are_hidden_wholly_while_nobody_can_say_where_people_are() -> None:
    picture, redactor = noise(), people(None, fails=True)
    assert (redactor.moving(0.0, picture) != picture).mean() > 0.9


def test_masks_are_made_once_for_each_of_a_few_sizes() -> None:
    redactor = Redactor(Privacy(masks=(RECTANGLE,)))
    for height in (96, 48, 96, 64, 128, 200, 96):
        redactor.still(noise(height=height))
    assert sorted(size for size, _ in redactor._masks) == [64, 96, 128, 200]


def test_few_pictures_are_held_in_memory() -> None:
    taken = []

    def source() -> Iterator[tuple[float, Picture]]:
        for one in film(100, 0.001):
            taken.append(one[0])
            yield one

    for given_count, _ in enumerate(people(None).film(source())):
        assert len(taken) - given_count <= MOST_HELD + 1


SHARED = Path(__file__).parents[3] / "../shared"
MODEL = SHARED / "models/fastestdet.onnx"


@pytest.mark.skipif(not MODEL.exists(), reason=f"{MODEL} is not here")
def test_who_was_found_is_not_found_again() -> None:
    """By the same detector, in pictures of people who cross a square: of some fifty hardly one."""
    walking = taken(SHARED / "data/clips/people_walking_cctv.mp4")
    original = list(decoded(coded_of(replace(walking, pictures=walking.pictures[:60]))))
    hides = Redactor(Privacy(blur="people"), FastestDet(MODEL, least=UNSURE, most=MOST_PEOPLE))
    detector = FastestDet(MODEL)

    hidden = list(hides.film(original))

    before = sum(len(detector.actors(picture).boxes) for _, picture in original[::10])
    after = sum(len(detector.actors(picture).boxes) for _, picture in hidden[::10])
    assert before > 20
    assert after <= before / 10
