"""What `benchmarks.scale` makes of what it sees."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.fleets import Seen, cpu_of
from benchmarks.growth import Overload, linear, report, text
from benchmarks.trends import first_measurable, jain, proportions, slope
from benchmarks.windows import Costs, Taken, Window, Work, work_of


def window(cameras: int, used: float, load: float = 0.5, dearer: float = 1.0, age_s: float = 0.2) -> Window:
    held = Taken(300.0, 200.0, 150.0)
    costs = Costs((used,) * 4, used, {"broker": 0.1}, load, dearer, (held,), 0.0)
    ages = {name: (0.1, age_s, age_s) for name in ("queue", "looked", "event")}
    return Window(cameras, costs, Work(10.0, {"a": 2.0, "b": 2.0}, {}, ages, {0: 2}, 0))


def test_fairness_is_one_where_all_get_alike_and_one_of_n_where_one_gets_all() -> None:
    assert jain([3.0, 3.0, 3.0]) == pytest.approx(1.0)
    assert jain([0.0, 6.0, 0.0]) == pytest.approx(1 / 3)
    assert jain([1.0, 0.5, 0.5]) == pytest.approx(8 / 9)
    assert jain([]) == jain([0.0]) == 1.0


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20))
def test_fairness_lies_between_one_of_n_and_one(shares: list[float]) -> None:
    assert 1 / len(shares) - 1e-9 <= jain(shares) <= 1 + 1e-9


def test_growth_is_not_misled_by_a_few_points_that_are_anywhere() -> None:
    line = [(float(x), 2.0 * x) for x in range(10)]
    assert slope(line) == 2.0
    assert slope([*line[:4], (4.0, 500.0), *line[5:]]) == pytest.approx(2.0)
    assert slope([(1.0, 3.0)]) == 0.0


def test_what_a_camera_costs_is_without_what_none_costs() -> None:
    one, many = proportions({1: 0.3, 10: 1.1}, 0.1, 1)
    assert (one.each, one.of_first) == (pytest.approx(0.2), 1.0)
    assert (many.each, many.of_first) == (pytest.approx(0.1), pytest.approx(0.5))
    assert [one.n for one in proportions({1: 0.3, 10: 1.1}, 0.1, 10)] == [10]


def test_the_fewest_that_can_be_measured_are_those_whose_slices_agree() -> None:
    wild, calm = [0.1, 0.2, 0.3, 0.4], [0.5, 0.51, 0.49, 0.5]
    assert first_measurable({1: wild, 2: calm, 4: calm}, 0.0) == 2
    assert first_measurable({1: wild, 2: [0.3, 0.4]}, 0.0) == 2, "where none do, those that agree best"


def test_a_busy_machines_seconds_are_told_in_those_of_an_idle_one() -> None:
    windows = [window(0, 0.1), window(1, 0.2), window(10, 1.6, dearer=1.5), window(64, 9.0, load=0.9)]
    of = linear(windows)
    assert (of.constant, of.first) == (0.1, 1)
    assert [one.of_first for one in of.plain] == [pytest.approx(1.0), pytest.approx(1.5), pytest.approx(8.9 / 6.4)]
    assert of.idle[1].each == pytest.approx((1.6 / 1.5 - 0.1) / 10)
    assert of.off(windows, of.plain) == (pytest.approx(1.0), pytest.approx(1.5)), "beyond 70 % nothing is promised"


def test_what_does_not_meet_the_goals_is_named() -> None:
    assert Overload(5.0, window(16, 1.0)).failings() == []
    assert Overload(5.0, window(16, 1.0)).times == 2.0
    assert Overload(5.0, window(16, 1.0, age_s=1.5)).failings() == ["queue p99 1.50 s", "looked p99 1.50 s"]


def test_tables_and_figures_tell_the_same() -> None:
    grew = {"one worker": [window(0, 0.1), window(1, 0.2), window(10, 1.1)]}
    over = {"one worker": Overload(5.0, window(16, 1.0))}
    told = report(grew, over)
    assert told["linear"]["one worker"]["off_plain"] == [pytest.approx(1.0), pytest.approx(1.0)]
    assert told["overload"]["one worker"]["times"] == 2.0
    assert "| 10 | 0.50 | 1100 |" in text({"machine": "x"}, grew, over)


def test_what_nobody_could_measure_is_nothing_in_json() -> None:
    told = report({"one worker": [window(0, 0.1, age_s=math.nan), window(1, 0.2, load=0.9)]}, {})
    assert told["linear"]["one worker"]["off_plain"] == [None, None]
    assert json.loads(json.dumps(told, allow_nan=False)) == json.loads(json.dumps(told))


def test_counters_of_processes_that_began_since_begin_at_nothing() -> None:
    def at(moment: float, *values: tuple[str, str, float]) -> Seen:
        name = "takt_clips_recognized_total"
        return Seen(moment, {(name, (("stream", stream), ("worker", worker))): n for stream, worker, n in values})

    before = at(0.0, ("a", "0", 10.0), ("b", "0", 10.0))
    after = at(5.0, ("a", "0", 20.0), ("b", "1", 5.0))
    assert work_of(before, after).looked == {"a": 2.0, "b": 1.0}
    assert all(math.isnan(age) for age in work_of(before, after).ages["event"])


def test_another_process_is_asked_for_its_cpu_time() -> None:
    import os
    import time

    before = time.process_time()
    assert before <= cpu_of(os.getpid()) <= time.process_time()
