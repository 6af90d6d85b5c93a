"""A stream that ends every worker it comes to is set aside, soon, and alone; all in virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.placement import Placement, Quarantine, Slot, Wish
from streamer.placement.quarantine import CAP_S, DEATHS, FIRST_S, SOON_S, TRIAL_S

TAKES_S = 2.0
"""From a death to the next worker that has begun with the streams."""


class Fleet:
    """Workers that die a second after they begin with a stream of `deadly`; others take over."""

    def __init__(self, streams: int, slots: int, *deadly: str) -> None:
        self.quarantine, self.placement, self.deadly = Quarantine(), Placement(), set(deadly)
        self.now_s, self.deaths = 0.0, 0
        self.held: dict[str, str] = {}
        self.dies_s: dict[str, float] = {}
        self.away_s: dict[str, float] = {}
        """By stream, how long nobody watched it."""
        for n in range(slots):
            self.placement.join(Slot(f"w{n}"))
        for n in range(streams):
            self.placement.want(Wish(f"c{n}"))

    @property
    def aside(self) -> set[str]:
        return {*self.quarantine.aside}

    def pass_(self, seconds: float) -> None:
        for _ in range(round(seconds)):
            self._second()

    def _second(self) -> None:
        self.now_s += 1.0
        for slot in [slot for slot, at_s in self.dies_s.items() if at_s <= self.now_s]:
            self._die(slot)
        self.quarantine.step(self.now_s)
        self.placement.set_aside(self.quarantine.aside)
        self.placement.step(self.now_s)
        places = {stream: place.slot for stream, place in self.placement.places.items()}
        for stream, slot in places.items():
            if self.held.get(stream) != slot:
                self.held[stream] = slot
                self.quarantine.held(stream, self.now_s)
                if stream in self.deadly:
                    self.dies_s.setdefault(slot, self.now_s + TAKES_S)
        for stream in self.placement._wishes.keys() - places.keys():
            self.away_s[stream] = self.away_s.get(stream, 0.0) + 1.0

    def _die(self, slot: str) -> None:
        del self.dies_s[slot]
        self.deaths += 1
        orphans = self.placement.lose(slot)
        self.quarantine.died(orphans, self.now_s)
        for stream in orphans:
            self.held.pop(stream, None)
        self.placement.join(Slot(slot))


def test_one_that_ends_every_worker_is_set_aside_and_the_others_are_watched() -> None:
    fleet = Fleet(12, 3, "c5")
    fleet.pass_(5 * SOON_S)
    assert fleet.aside == {"c5"}
    assert {*fleet.held} == {f"c{n}" for n in range(12)} - {"c5"}
    innocent_s = max(away for stream, away in fleet.away_s.items() if stream != "c5")
    assert innocent_s < 4 * SOON_S


def test_it_costs_a_few_deaths_and_not_all_the_time() -> None:
    fleet = Fleet(16, 2, "c5")
    fleet.pass_(3600)
    assert fleet.aside == {"c5"}
    assert fleet.deaths < DEATHS + 5 + 8, "it is tried again, more and more seldom"
    before = fleet.deaths
    fleet.pass_(3600)
    assert fleet.deaths - before <= 3600 / CAP_S + 1


def test_one_that_is_mended_is_watched_when_it_is_tried_again() -> None:
    fleet = Fleet(4, 2, "c1")
    fleet.pass_(5 * SOON_S)
    assert fleet.aside == {"c1"}
    fleet.deadly.clear()
    fleet.pass_(CAP_S)
    assert fleet.aside == set()
    assert {*fleet.held} == {f"c{n}" for n in range(4)}


def test_one_that_is_changed_is_tried_at_once() -> None:
    fleet = Fleet(4, 2, "c1")
    fleet.pass_(5 * SOON_S)
    fleet.deadly.clear()
    fleet.quarantine.forget("c1")
    fleet.pass_(2)
    assert "c1" in fleet.held


def test_a_worker_that_ends_long_after_a_stream_came_says_nothing_of_it() -> None:
    quarantine = Quarantine()
    for turn in range(10):
        at_s = turn * 100.0
        quarantine.held("cam", at_s)
        quarantine.step(at_s + SOON_S + 1)
        quarantine.died(["cam"], at_s + SOON_S + 1)
        assert not quarantine.aside


def test_workers_that_others_end_blame_nobody() -> None:
    quarantine = Quarantine()
    for turn in range(10):
        quarantine.held("cam", float(turn))
        quarantine.moved(["cam"])
    quarantine.step(20.0)
    assert not quarantine.aside


def test_the_pause_before_the_next_try_grows_to_a_limit() -> None:
    quarantine, now_s, pauses = Quarantine(), 0.0, list[float]()
    for _ in range(DEATHS):
        quarantine.died(["cam"], now_s)
    for _ in range(8):
        again_s = quarantine.aside["cam"]
        assert again_s is not None
        pauses.append(again_s - now_s)
        now_s = again_s
        quarantine.step(now_s)
        assert not quarantine.aside, "it is tried"
        quarantine.died(["cam"], now_s)
    assert pauses == [min(CAP_S, FIRST_S * 2**n) for n in range(8)]


def test_what_no_worker_takes_does_not_keep_others_from_being_tried() -> None:
    quarantine = Quarantine()
    for _ in range(DEATHS):
        quarantine.died(["a", "b"], 0.0)
    quarantine.step(1.0)
    assert {*quarantine.aside} == {"b"}, "a is tried"
    quarantine.step(1.0 + TRIAL_S + 1)
    assert not quarantine.aside


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 4), st.sets(st.integers(0, 11), min_size=0, max_size=3))
def test_whoever_is_deadly_is_aside_in_the_end_and_nobody_else(slots: int, deadly: set[int]) -> None:
    names = {f"c{n}" for n in deadly}
    fleet = Fleet(12, slots, *names)
    fleet.pass_(1200)
    seldom = fleet.deaths
    assert names - fleet.aside <= {*fleet.quarantine._trial}
    assert {*fleet.held} >= {f"c{n}" for n in range(12)} - names - fleet.quarantine._trial
    fleet.pass_(1800)
    assert fleet.deaths - seldom <= len(names) * (1800 / CAP_S + 2)


@pytest.mark.parametrize("slots", [1, 2])
def test_also_the_only_workers_are_freed_of_it(slots: int) -> None:
    fleet = Fleet(3, slots, "c0")
    fleet.pass_(4 * SOON_S + 60)
    assert {*fleet.held} >= {"c1", "c2"}
