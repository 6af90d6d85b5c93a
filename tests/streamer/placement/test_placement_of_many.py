"""A thousand cameras on twenty machines, on virtual time: placed, machines lost and come back, too little for all."""

from __future__ import annotations

import random
from collections import Counter

from streamer.placement import Cost, Placement, Report, Slot, Wish
from streamer.placement.placement import FULL, STRAIN

NODES, SLOTS_EACH, CAMERAS = 20, 4, 1000


class Fleet:
    """Machines that carry what they are given and say what it costs, with noise."""

    def __init__(self, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.placement, self.now_s, self.alive = Placement(), 0.0, set[str]()
        self.costs = {
            f"cam-{n:04}": Cost(self.rng.uniform(0.005, 0.03), self.rng.uniform(0.01, 0.04)) for n in range(CAMERAS)
        }
        for node in range(NODES):
            self.begin(f"node-{node:02}")
        for n, stream in enumerate(self.costs):
            self.placement.want(Wish(stream, n % 3))
        self.placement.step(self.now_s)

    def begin(self, node: str) -> None:
        self.alive.add(node)
        for n in range(SLOTS_EACH):
            self.placement.join(Slot(f"{node}/{n}", node))

    def kill(self, node: str) -> set[str]:
        """The streams that it takes along."""
        self.alive.remove(node)
        return {stream for n in range(SLOTS_EACH) for stream in self.placement.lose(f"{node}/{n}")}

    def live(self, seconds: int, every_s: int = 5) -> int:
        """Let time go by; how many streams were moved."""
        moved = 0
        for _ in range(0, seconds, every_s):
            self.now_s += every_s
            before = self.placement.places
            theirs: dict[str, dict[str, Cost]] = {slot: {} for slot in self.placement.shares()}
            for stream, place in before.items():
                noise = self.rng.uniform(0.9, 1.1)
                cost = self.costs[stream]
                theirs[place.slot][stream] = Cost(cost.base * noise, cost.looks * noise)
            for slot, of in theirs.items():
                self.placement.measured(slot, Report(0.0, of), self.now_s)
            self.placement.step(self.now_s)
            after = self.placement.places
            moved += sum(after[stream].slot != before[stream].slot for stream in after if stream in before)
        return moved

    def per_node(self) -> Counter[str]:
        return Counter(place.slot.split("/")[0] for place in self.placement.places.values())


def test_a_thousand_cameras_are_placed_evenly_and_then_nothing_moves() -> None:
    fleet = Fleet()
    assert len(fleet.placement.places) == CAMERAS
    assert fleet.live(600) == 0
    counts = fleet.per_node()
    assert max(counts.values()) - min(counts.values()) <= 1
    assert max(fleet.placement.shares().values()) <= STRAIN


def test_a_lost_machine_costs_its_own_streams_a_move_and_nobody_else_anything() -> None:
    fleet = Fleet()
    fleet.live(60)
    for node in ("node-03", "node-11", "node-19"):
        before = dict(fleet.placement.places)
        lost = fleet.kill(node)
        fleet.placement.step(fleet.now_s)
        after = fleet.placement.places
        assert len(after) == CAMERAS
        assert {stream for stream in after if after[stream].slot != before[stream].slot} == lost
        assert all(place.level == before[stream].level for stream, place in after.items())
        assert not {place.slot.split("/")[0] for place in after.values()} - fleet.alive
        assert fleet.live(300) == 0


def test_with_too_few_machines_the_important_are_watched_and_nobody_collapses() -> None:
    fleet = Fleet()
    fleet.live(60)
    for n in range(12):
        fleet.kill(f"node-{n:02}")
    fleet.placement.step(fleet.now_s)
    fleet.live(300)
    waiting = Counter(wish.priority for wish in fleet.placement.waiting)
    assert len(fleet.placement.places) == 8 * SLOTS_EACH * 16
    assert waiting[2] == 0
    assert waiting[1] < waiting[0]
    assert max(fleet.placement.shares().values()) <= STRAIN
    for n in range(12):
        fleet.begin(f"node-{n:02}")
    fleet.placement.step(fleet.now_s)
    fleet.live(900)
    assert not fleet.placement.waiting
    assert all(place.level == 0 for place in fleet.placement.places.values())


def test_cameras_that_become_dearer_are_moved_or_degraded_until_all_keep_up() -> None:
    fleet = Fleet()
    fleet.live(60)
    dear = {stream for stream, place in fleet.placement.places.items() if place.slot.startswith("node-00/")}
    for stream in dear:
        fleet.costs[stream] = Cost(0.06, 0.06)
    moved = fleet.live(600)
    assert 0 < moved < len(dear)
    assert max(fleet.placement.shares().values()) <= STRAIN
    assert fleet.live(300) == 0
    assert FULL < STRAIN
