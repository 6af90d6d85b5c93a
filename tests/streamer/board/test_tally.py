"""Rolling aggregates are what one would count by hand over the whole list of events, whatever has been forgotten."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.board.tally import BUCKET_S, KEPT, MOST_OPEN, MOST_TIMES, WINDOWS, Tally

LONGEST_S = max(WINDOWS.values())


@dataclass(frozen=True)
class Act:
    action: str
    start: float
    end: float | None


@dataclass(frozen=True)
class By:
    """What by hand is counted of one action."""

    began: int
    ended: int
    total_s: float
    mean_s: float | None
    max_s: float | None


def by_hand(acts: list[Act], action: str, since: float, now: float) -> By:
    mine = [act for act in acts if act.action == action and act.start <= now]
    ends = [(act.start, act.end) for act in mine if act.end is not None and since <= act.end <= now]
    took = [end - start for start, end in ends]
    shared = [max(0.0, min(now, math.inf if act.end is None else act.end) - max(act.start, since)) for act in mine]
    return By(
        began=sum(since <= act.start for act in mine),
        ended=len(took),
        total_s=sum(shared),
        mean_s=sum(took) / len(took) if took else None,
        max_s=max(took, default=None),
    )


def told(acts: list[Act], now: float) -> Tally:
    """The tally of what had happened by `now`, told as it happened."""
    tally = Tally()
    moments = [(act.start, 0, n) for n, act in enumerate(acts)]
    moments += [(act.end, 1, n) for n, act in enumerate(acts) if act.end is not None]
    for at, is_end, n in sorted(moments):
        if at > now:
            break
        if is_end:
            tally.ended(n, at, at)
        else:
            tally.began(n, acts[n].action, at, at)
    return tally


moments = st.floats(0, 4000, allow_nan=False).map(lambda at: round(at, 2))


@st.composite
def histories(draw: st.DrawFn) -> list[Act]:
    """Actions that may overlap, last longer than any window, and go on for ever."""
    acts = []
    for _ in range(draw(st.integers(0, 25))):
        start = draw(moments)
        lasts = draw(st.none() | st.floats(0, 2500, allow_nan=False))
        acts.append(Act(draw(st.sampled_from("abc")), start, None if lasts is None else start + lasts))
    return acts


@given(histories(), moments)
def test_a_window_holds_what_is_counted_by_hand(acts: list[Act], now: float) -> None:
    tally = told(acts, now)
    for length_s in WINDOWS.values():
        window = tally.window(length_s, now)
        assert window.since == pytest.approx((now // BUCKET_S + 1) * BUCKET_S - length_s)
        assert set(window.actions) == {act.action for act in acts if act.start <= now}
        for action, dwell in window.actions.items():
            expected = by_hand(acts, action, window.since, now)
            assert (dwell.began, dwell.ended) == (expected.began, expected.ended)
            assert dwell.total_s == pytest.approx(expected.total_s, abs=1e-6)
            assert dwell.mean_s == pytest.approx(expected.mean_s)
            assert dwell.max_s == pytest.approx(expected.max_s)


def test_an_action_longer_than_the_window_fills_it_and_no_more() -> None:
    tally = Tally()
    tally.began("one", "carry", 0.0, 0.0)

    window = tally.window(60.0, 3604.0)
    assert window.actions["carry"].total_s == pytest.approx(59.0), (
        "the newest bucket is 4 s old: 11 whole ones and that"
    )
    tally.ended("one", 3604.0, 3604.0)
    over = tally.window(60.0, 3604.0).actions["carry"]
    assert (over.began, over.ended, over.max_s) == (0, 1, 3604.0)
    assert over.total_s == pytest.approx(59.0)


def test_nothing_is_left_when_a_window_has_moved_on() -> None:
    tally = Tally()
    tally.began("one", "carry", 1.0, 1.0)
    tally.ended("one", 3.0, 3.0)
    tally.cycle("completed", 30.0, 3.0, 3.0)
    tally.verdict("step", "missed", 3.0, 3.0)

    later = tally.window(60.0, 65.0)
    assert (later.actions["carry"].began, later.actions["carry"].total_s) == (0, 0.0)
    assert (later.cycles.ended, later.verdicts) == ({}, {})
    assert tally.window(300.0, 65.0).cycles.ended == {"completed": 1}


@given(st.lists(st.tuples(st.floats(0, 800), st.floats(1, 100)), max_size=60))
def test_cycle_times_are_those_of_the_completed_units(told: list[tuple[float, float]]) -> None:
    tally = Tally()
    for at, took_s in sorted(told):
        tally.cycle("completed", took_s, at, at)
        tally.cycle("abandoned", 1e6, at, at)
    cycles = tally.window(LONGEST_S, 850.0).cycles
    times = sorted(took_s for _, took_s in told)

    assert cycles.ended == ({"completed": len(told), "abandoned": len(told)} if told else {})
    if times:
        assert cycles.mean_s == pytest.approx(sum(times) / len(times))
        assert cycles.p50_s == times[math.ceil(len(times) / 2) - 1]
        assert sum(took_s <= (cycles.p95_s or 0) for took_s in times) >= 0.95 * len(times)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["done", "missed", "premature"])), max_size=40))
def test_of_a_step_that_is_judged_anew_only_the_last_verdict_counts(judged: list[tuple[int, str]]) -> None:
    tally = Tally()
    for n, (step, verdict) in enumerate(judged):
        tally.verdict(step, verdict, float(n), float(n))
    last = dict(judged)

    verdicts = tally.window(LONGEST_S, float(len(judged))).verdicts
    assert verdicts == {v: list(last.values()).count(v) for v in set(last.values())}


def test_memory_does_not_grow_with_what_happens() -> None:
    tally = Tally()
    for n in range(5000):
        at = n * 1.0
        tally.began(n, "carry", at, at)
        tally.verdict(n, "done", at, at)
        if n % 2:
            tally.ended(n, at + 0.5, at + 0.5)
        tally.cycle("completed", 1.0, at, at)
    for _ in range(1000):
        tally.cycle("completed", 1.0, 5000.0, 5000.0)

    assert len(tally._buckets) <= KEPT
    assert len(tally._open) <= MOST_OPEN
    assert len(tally._told) <= MOST_TIMES
    assert max(len(bucket.cycle_times) for bucket in tally._buckets.values()) <= MOST_TIMES


def test_what_is_told_too_late_for_every_window_counts_in_none() -> None:
    tally = Tally()
    tally.began("old", "carry", 0.0, 5000.0)
    tally.cycle("completed", 3.0, 0.0, 5000.0)
    tally.verdict("step", "missed", 0.0, 5000.0)
    tally.ended("old", 10.0, 5000.0)
    tally.ended("unknown", 10.0, 5000.0)

    window = tally.window(LONGEST_S, 5000.0)
    assert window.actions["carry"].began == window.actions["carry"].ended == 0
    assert window.actions["carry"].total_s == 0.0
    assert (window.cycles.ended, window.verdicts) == ({}, {})
