"""Each stream has one owner, nothing moves without need, and where there is too little the least important bears it."""

from __future__ import annotations

import pytest

from streamer.placement import MOST_LEVEL, Cost, Placement, Report, Slot, Wish
from streamer.placement.placement import CALM_S, EASE, FULL, PATIENCE_S, REST_S, STRAIN


def placed(slots: int, costs: dict[str, Cost], priorities: dict[str, int] | None = None) -> Placement:
    """Every stream in its place, with its cost known."""
    placement = Placement()
    for n in range(slots):
        placement.join(Slot(f"s{n}"))
    for stream in costs:
        placement.want(Wish(stream, (priorities or {}).get(stream, 0)))
    placement.step(0.0)
    measure(placement, costs, 0.0)
    return placement


def measure(placement: Placement, costs: dict[str, Cost], now_s: float) -> None:
    for slot in placement.shares():
        of = {stream: costs[stream] for stream, place in placement.places.items() if place.slot == slot}
        placement.measured(slot, Report(0.0, of), now_s)


def pass_by(placement: Placement, costs: dict[str, Cost], begin_s: float, seconds: float) -> float:
    """Let time go by, with a report and a step each second; when it is then."""
    for second in range(int(seconds)):
        measure(placement, costs, begin_s + second)
        placement.step(begin_s + second)
    return begin_s + seconds


def cheap(count: int) -> dict[str, Cost]:
    return {f"c{n:02}": Cost(0.01, 0.02) for n in range(count)}


def test_streams_are_spread_by_load() -> None:
    placement = placed(3, {"heavy": Cost(0.1, 0.5)})
    for stream in ("a", "b", "c", "d"):
        placement.want(Wish(stream))
        placement.step(1.0)
        measure(placement, {"heavy": Cost(0.1, 0.5), **dict.fromkeys("abcd", Cost(0.05, 0.05))}, 1.0)
    beside = [one.stream for one in placement.places.values() if one.slot == placement.places["heavy"].slot]
    assert beside == ["heavy"]


def test_a_worker_has_sixteen_streams_at_most_however_cheap_they_are() -> None:
    placement = placed(2, {f"c{n:02}": Cost(0.001, 0.001) for n in range(33)})
    assert len(placement.places) == 32
    assert len(placement.waiting) == 1


def test_streams_of_a_dead_worker_go_to_the_others_and_no_other_moves() -> None:
    placement = placed(3, cheap(24))
    before = dict(placement.places)
    lost = placement.lose("s1")
    placement.step(1.0)
    after = placement.places
    assert sorted(after) == sorted(before)
    assert {stream for stream in after if after[stream] != before[stream]} == set(lost)
    assert all(after[stream].term > before[stream].term for stream in lost)


def test_a_worker_that_comes_back_gets_nothing_that_others_can_carry() -> None:
    placement = placed(2, cheap(8))
    placement.lose("s0")
    placement.step(1.0)
    before = dict(placement.places)
    placement.join(Slot("s0"))
    pass_by(placement, cheap(8), 2.0, 300)
    assert placement.places == before


def test_an_owner_that_was_frozen_is_told_apart_by_its_term() -> None:
    placement = placed(2, {"a": Cost(0.1, 0.1)})
    old = placement.places["a"]
    placement.lose(old.slot)
    placement.step(1.0)
    new = placement.places["a"]
    placement.join(Slot(old.slot))
    assert not placement.owns(old.slot, "a", old.term)
    assert placement.owns(new.slot, "a", new.term)
    placement.measured(old.slot, Report(5.0, {"a": Cost(5.0, 5.0)}), 2.0)
    assert placement.shares()[new.slot] == pytest.approx(0.2), "what the old owner says is not believed"


def test_a_strained_worker_gives_one_stream_away_when_another_has_room() -> None:
    costs = dict.fromkeys(("a", "b", "c"), Cost(0.1, 0.1))
    placement = placed(2, costs)
    crowded = max(placement.shares(), key=lambda slot: placement.shares()[slot])
    theirs = [stream for stream, place in placement.places.items() if place.slot == crowded]
    costs |= dict.fromkeys(theirs, Cost(0.1, 0.45))
    costs |= {stream: Cost(0.05, 0.05) for stream in costs if stream not in theirs}
    before = dict(placement.places)
    pass_by(placement, costs, 1.0, 120)
    moved = [stream for stream in before if placement.places[stream].slot != before[stream].slot]
    assert len(moved) == 1
    assert all(place.level == 0 for place in placement.places.values())
    assert max(placement.shares().values()) <= STRAIN


def test_where_nobody_has_room_the_lowest_priority_is_degraded_first_and_gets_it_back_last() -> None:
    priorities = {"low": 0, "middle": 1, "high": 2}
    easy, hard = Cost(0.05, 0.15), Cost(0.05, 0.35)
    placement = placed(1, dict.fromkeys(priorities, easy), priorities)
    now_s = pass_by(placement, dict.fromkeys(priorities, hard), 1.0, PATIENCE_S + 60)
    levels = {stream: place.level for stream, place in placement.places.items()}
    assert levels["low"] == MOST_LEVEL
    assert levels["low"] >= levels["middle"] >= levels["high"] == 0
    assert placement.shares()["s0"] <= STRAIN
    pass_by(placement, dict.fromkeys(priorities, easy), now_s, 6 * (CALM_S + REST_S) + 60)
    assert {place.level for place in placement.places.values()} == {0}
    assert placement.shares()["s0"] <= EASE


def test_a_blink_of_load_changes_nothing() -> None:
    placement = placed(1, cheap(10))
    before = dict(placement.places)
    heavy = {stream: Cost(0.05, 0.2) for stream in cheap(10)}
    now_s = pass_by(placement, heavy, 1.0, PATIENCE_S - 1)
    pass_by(placement, cheap(10), now_s, 120)
    assert placement.places == before


def test_what_cannot_be_carried_even_degraded_is_refused_the_least_important_first() -> None:
    priorities = {"low": 0, "high": 1}
    placement = placed(1, dict.fromkeys(priorities, Cost(0.3, 0.05)), priorities)
    pass_by(placement, dict.fromkeys(priorities, Cost(0.7, 0.05)), 1.0, 120)
    assert list(placement.places) == ["high"]
    assert [wish.stream for wish in placement.waiting] == ["low"]


def test_a_new_stream_is_refused_where_it_would_cost_others_of_a_higher_priority() -> None:
    costs = {"a": Cost(0.4, 0.4)}
    placement = placed(1, costs, {"a": 1})
    placement.want(Wish("new", 0))
    placement.step(1.0)
    assert placement.places["a"].level == 0
    assert [wish.stream for wish in placement.waiting] == ["new"]


def test_a_new_stream_of_a_higher_priority_takes_what_it_needs() -> None:
    placement = placed(1, {"a": Cost(0.7, 0.0)})
    placement.want(Wish("new", 1))
    placement.step(1.0)
    assert list(placement.places) == ["new"]
    assert [wish.stream for wish in placement.waiting] == ["a"]


def test_a_degraded_stream_goes_where_there_is_room_for_all_of_it() -> None:
    costs = dict.fromkeys("abcd", Cost(0.05, 0.25))
    placement = placed(1, costs)
    now_s = pass_by(placement, costs, 1.0, 60)
    assert any(place.level for place in placement.places.values())
    placement.join(Slot("s1"))
    pass_by(placement, costs, now_s, 600)
    assert {place.level for place in placement.places.values()} == {0}
    assert max(placement.shares().values()) <= STRAIN


def test_load_that_no_stream_explains_counts() -> None:
    placement = placed(2, {"a": Cost(0.05, 0.05)})
    other = next(slot for slot in placement.shares() if slot != placement.places["a"].slot)
    placement.measured(other, Report(0.7), 1.0)
    placement.want(Wish("b"))
    placement.step(1.0)
    assert placement.places["b"].slot == placement.places["a"].slot


def test_what_is_forgotten_is_watched_no_more() -> None:
    placement = placed(1, cheap(3))
    placement.forget("c01")
    placement.step(1.0)
    assert sorted(placement.places) == ["c00", "c02"]
    assert not placement.waiting


def test_a_slot_is_filled_up_to_where_it_is_full() -> None:
    placement = placed(1, {"a": Cost(0.0, 0.0)})
    placement.measured("s0", Report(FULL), 1.0)
    placement.want(Wish("b", -1))
    placement.step(1.0)
    assert [wish.stream for wish in placement.waiting] == []  # it costs what is usual: nothing
    placement.measured("s0", Report(FULL + 0.05), 2.0)
    placement.want(Wish("c", -2))
    placement.step(2.0)
    assert [wish.stream for wish in placement.waiting] == ["c"]
