"""A threshold keeps the budget where nothing happens, and finds what does."""

from __future__ import annotations

import pytest

from recognizers.metrics.events import Happening
from streamer.segmenter import EventRule
from streamer.trials.thresholds import CANDIDATES, chosen, with_thresholds
from tests.streamer.trials.scenes import LABELS, looked_at, watch

QUIET = looked_at([0.1, 0.3, 0.1], hours=1)
THRICE = [0.0, 0.9375, 0.0, 0.75, 0.0, 0.625, 0.0]
"""Begins three times at 0.6, twice at 0.7, once at 0.8. (Numbers that single precision holds.)"""


def test_where_nothing_is_taken_for_an_action_the_lowest_candidate_will_do() -> None:
    assert chosen(watch(), [QUIET], [], 1.0) == {"pick": CANDIDATES[0], "place": CANDIDATES[0]}


@pytest.mark.parametrize(("budget", "pick"), [(0.0, 0.94), (2.0, 0.76), (4.0, 0.63), (6.0, 0.5)])
def test_the_lowest_threshold_with_so_few_alarms_is_taken(budget: float, pick: float) -> None:
    """The budget of two actions is halved: two an hour are one each."""
    thresholds = chosen(watch(), [looked_at(THRICE, hours=1)], [], budget)
    assert thresholds == {"pick": pick, "place": CANDIDATES[0]}


def test_more_hours_allow_more_alarms_and_parts_of_one_are_none() -> None:
    assert chosen(watch(), [looked_at(THRICE, hours=0.4)], [], 2.0)["pick"] == 0.94
    assert chosen(watch(), [looked_at(THRICE, hours=0.5), looked_at([0.0], hours=0.5)], [], 2.0)["pick"] == 0.76


def test_what_cannot_be_kept_quiet_gets_the_highest() -> None:
    assert chosen(watch(), [looked_at([1.0, 0.0, 1.0], hours=1)], [], 1.0)["pick"] == CANDIDATES[-1]


def test_of_quiet_thresholds_the_one_is_taken_that_finds_what_happens_and_nothing_else() -> None:
    """Picking is said with 0.72 where something else goes on, and with 0.9 where somebody picks."""
    shown = looked_at([0.0, 0.72, 0.0, 0.9, 0.9, 0.0], happened=(Happening("pick", 1.5, 2.5),))

    thresholds = chosen(watch(), [QUIET], [shown], 1.0)

    assert thresholds == {"pick": 0.75, "place": CANDIDATES[0]}
    assert [one.start_s for one in shown.found(watch(), with_thresholds(watch(), thresholds))] == [1.5]


def test_a_threshold_is_all_that_changes_in_a_rule() -> None:
    own = EventRule(on=0.9, off=0.8, dwell_s=1.0)
    rules = with_thresholds(watch(own), {"pick": 0.7})

    assert rules["pick"] == EventRule(on=0.7, off=0.7, dwell_s=1.0)
    assert rules["default"] == own
    assert set(rules) <= {"default", *LABELS}
