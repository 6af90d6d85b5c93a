"""Who is who. Looks come every quarter of a second unless said; people are 0.08 wide and 0.2 tall."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from streamer.tracker import ActorTracker, Followed, TrackerRule, likeness

STEP_S = 0.25
WIDE, TALL = 0.08, 0.2


def person(x: float, y: float = 0.5) -> NDArray[np.float64]:
    return np.array([x - WIDE / 2, y - TALL / 2, x + WIDE / 2, y + TALL / 2])


def boxes(*people: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array(people).reshape(-1, 4)


def followed(tracker: ActorTracker, looks: list[NDArray[np.float64]], first: int = 0) -> list[Followed]:
    return [tracker.follow(look, (first + n) * STEP_S) for n, look in enumerate(looks)]


def test_somebody_counts_from_the_second_sighting_in_a_row() -> None:
    said = followed(ActorTracker(), [boxes(person(0.3))] * 3)

    assert [one.ids for one in said] == [(None,), (1,), (1,)]


def test_a_box_that_is_there_once_is_nobody() -> None:
    said = followed(ActorTracker(), [boxes(person(0.3)), boxes(), boxes(person(0.3)), boxes()])

    assert [one.ids for one in said] == [(None,), (), (None,), ()]
    assert not any(one.left for one in said)


def test_ids_belong_to_boxes_whatever_their_order() -> None:
    left, right = person(0.2), person(0.8)
    said = followed(ActorTracker(), [boxes(left, right), boxes(left, right), boxes(right, left)])

    assert said[1].ids == (1, 2)
    assert said[2].ids == (2, 1)


def test_who_is_not_seen_for_too_long_has_left_and_comes_back_as_somebody_new() -> None:
    tracker, there = ActorTracker(TrackerRule(max_age_s=1.0)), boxes(person(0.3))
    followed(tracker, [there, there])
    said = followed(tracker, [boxes()] * 5 + [there, there], first=2)

    assert [one.left for one in said] == [(), (), (), (), (1,), (), ()]
    assert said[-1].ids == (2,)


def test_two_who_pass_each_other_keep_their_ids() -> None:
    """They walk half a person's width a look, one in front of the other."""
    looks = [boxes(person(0.2 + 0.04 * n, 0.5), person(0.8 - 0.04 * n, 0.55)) for n in range(16)]

    assert {one.ids for one in followed(ActorTracker(), looks)[1:]} == {(1, 2)}


def test_a_box_is_one_person_so_who_was_beside_them_is_gone() -> None:
    one, other = person(0.30), person(0.35)
    said = followed(ActorTracker(TrackerRule(max_age_s=1.0)), [boxes(one, other)] * 2 + [boxes(one)] * 5)

    assert {look.ids for look in said[2:]} == {(1,)}
    assert said[-1].left == (2,)


def test_likeness_is_overlap_less_distance() -> None:
    assert likeness(boxes(person(0.5)), boxes(person(0.5))) == pytest.approx(1)
    beside, far = likeness(boxes(person(0.5)), boxes(person(0.5 + WIDE), person(0.9)))[0]
    assert beside == pytest.approx(-(WIDE**2) / ((2 * WIDE) ** 2 + TALL**2))
    assert -1 < far < TrackerRule().least_like < beside


walks = st.lists(
    st.tuples(st.floats(0.05, 0.95), st.floats(-0.15, 0.15), st.lists(st.booleans(), min_size=40, max_size=40)),
    min_size=1,
    max_size=4,
)
"""Start, speed, and when they are hidden."""


@given(walks=walks, order=st.randoms(use_true_random=False))
def test_whoever_walks_apart_is_never_taken_for_another_and_no_id_is_used_twice(
    walks: list[tuple[float, float, list[bool]]], order: object
) -> None:
    """Each in a lane of their own, up and down the picture; hidden as long and as often as it comes."""
    tracker, owner = ActorTracker(TrackerRule(max_age_s=1.0)), {}
    gone: set[int] = set()
    for look in range(40):
        shown = [
            (number, person(start + speed * look * STEP_S, 0.05 + 0.3 * number))
            for number, (start, speed, hidden) in enumerate(walks)
            if not hidden[look]
        ]
        order.shuffle(shown)  # type: ignore[attr-defined]
        said = tracker.follow(boxes(*[box for _, box in shown]), look * STEP_S)
        gone |= set(said.left)
        for (number, _), one in zip(shown, said.ids, strict=True):
            if one is not None:
                assert owner.setdefault(one, number) == number
                assert one not in gone
        named = [one for one in said.ids if one is not None]
        assert len(set(named)) == len(named)


@given(start=st.floats(0.1, 0.3), speed=st.floats(0, 0.25), hidden=st.integers(1, 7), trembling=st.integers(0, 2**31))
def test_who_is_hidden_for_less_than_the_age_is_still_the_same(
    start: float, speed: float, hidden: int, trembling: int
) -> None:
    """A steady walk, seen five times, hidden for up to 1.75 s of at most 2, seen again; boxes tremble by a hundredth of
    a width."""
    rng = np.random.default_rng(trembling)
    looks = [
        boxes(person(start + speed * n * STEP_S) + rng.normal(0, WIDE / 100, 4))
        if n < 5 or n >= 5 + hidden
        else boxes()
        for n in range(8 + hidden)
    ]
    said = followed(ActorTracker(), looks)

    assert {one.ids for one in said[1:] if one.ids} == {(1,)}
    assert not any(one.left for one in said)


@given(st.lists(st.lists(st.tuples(*[st.floats(0, 1)] * 4), max_size=5), max_size=12))
def test_whatever_the_boxes_everybody_has_one_id_and_leaves_once(looks: list[list[tuple[float, ...]]]) -> None:
    tracker, seen, gone = ActorTracker(TrackerRule(max_age_s=0.6)), set(), []
    for n, look in enumerate(looks):
        said = tracker.follow(np.array(look).reshape(-1, 4), n * STEP_S)
        named = [one for one in said.ids if one is not None]
        assert len(named) == len(set(named))
        assert not set(named) & set(gone)
        gone += said.left
        seen |= set(named)
    assert len(gone) == len(set(gone))
    assert set(gone) <= seen
