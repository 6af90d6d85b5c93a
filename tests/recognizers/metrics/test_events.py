"""Events beside what happened, by hand. A happening is (action, start, end); an event (action, start, decided)."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognizers.metrics.events import Found, Happening, matched, most_per_hour, per_hour, percentile, together

DONE = [Happening("pick", 1, 3), Happening("place", 4, 6), Happening("pick", 10, 12)]
SAID = [Found("pick", 1.4, 2.0), Found("pick", 1.9, 2.5), Found("place", 8, 9), Found("pick", 9.2, 11)]


def test_matches_are_one_to_one_and_within_the_tolerance() -> None:
    matches = matched(DONE, SAID, 1.0)

    assert matches.pairs == ((DONE[0], SAID[0]), (DONE[2], SAID[3]))
    assert matches.false == (SAID[1], SAID[2])
    assert matches.missed == (DONE[1],)
    assert (matches.precision, matches.recall) == pytest.approx((2 / 4, 2 / 3))
    assert matches.f1 == pytest.approx(2 * 2 / (4 + 3))
    assert matches.delays_s == [1.0, 1.0]


def test_as_many_as_can_be_are_matched_even_if_the_nearest_is_not() -> None:
    """The event at 2 lies nearer to the second one, which only leaves the other without any."""
    done = [Happening("pick", 1.2, 2), Happening("pick", 2.1, 3)]
    said = [Found("pick", 2.0, 2), Found("pick", 3.0, 3)]

    assert matched(done, said, 1.0).pairs == ((done[0], said[0]), (done[1], said[1]))


def test_another_action_at_the_right_time_is_false() -> None:
    matches = matched([Happening("pick", 1, 2)], [Found("place", 1, 1)], 2.0)
    assert (len(matches.pairs), len(matches.false), len(matches.missed)) == (0, 1, 1)


def test_where_nothing_was_said_there_is_no_precision_and_no_recall_of_nothing() -> None:
    assert math.isnan(matched(DONE, [], 1.0).precision)
    assert math.isnan(matched([], SAID, 1.0).recall)
    assert math.isnan(matched([], [], 1.0).f1)


def test_recordings_are_counted_together() -> None:
    whole = together([matched(DONE, SAID, 1.0), matched([], SAID[:1], 1.0)])
    assert (whole.precision, whole.recall) == pytest.approx((2 / 5, 2 / 3))


times = st.lists(st.integers(0, 40).map(lambda tenth: tenth / 4), max_size=5)


@given(times, times)
def test_no_other_way_matches_more_or_nearer(ours: list[float], theirs: list[float]) -> None:
    done = [Happening("pick", at, at + 1) for at in ours]
    said = [Found("pick", at, at) for at in theirs]

    matches = matched(done, said, 1.0)

    best = (0, 0.0)
    padded = [*said, *[None] * len(done)]
    for order in set(permutations(padded, len(done))) if len(done) + len(said) <= 7 else ():
        apart = [abs(one.start_s - two.start_s) for one, two in zip(done, order, strict=True) if two is not None]
        if all(one <= 1.0 for one in apart):
            best = min(best, (-len(apart), sum(apart)))
    mine = (-len(matches.pairs), sum(abs(one.start_s - two.start_s) for one, two in matches.pairs))
    assert mine <= (best[0], best[1] + 1e-9)
    assert len({id(two) for _, two in matches.pairs}) == len(matches.pairs)


def test_alarms_are_counted_by_the_hour() -> None:
    assert per_hour(3, 0.5) == 6
    assert math.isnan(per_hour(0, 0.0))


@pytest.mark.parametrize(("count", "most"), [(0, 2.996), (1, 4.744), (2, 6.296), (10, 16.962)])
def test_few_alarms_in_little_time_leave_room_for_more(count: int, most: float) -> None:
    """Upper limits of a Poisson mean at 95 % (tables of Garwood)."""
    assert most_per_hour(count, 1.0) == pytest.approx(most, abs=1e-3)
    assert most_per_hour(count, 0.25) == pytest.approx(4 * most, abs=4e-3)
    assert most_per_hour(count, 0.0) == math.inf


def test_a_percentile_of_nothing_is_no_number() -> None:
    assert percentile([1.0, 3.0], 0.5) == 2.0
    assert math.isnan(percentile([], 0.5))
