"""Machines come and go; their slots keep their names."""

from __future__ import annotations

import pytest

from streamer.cluster.nodes import Berths, Node, Sizes, name_of


def node(name: str, start: int = 0, cpus: float = 8.0, gpus: float = 0.0) -> Node:
    return Node(f"{name}/{start}", name, cpus, gpus)


@pytest.mark.parametrize(
    ("cpus", "gpus", "sizes", "workers"),
    [
        (8, 0, Sizes(), 2),
        (3, 0, Sizes(), 1),
        (64, 0, Sizes(), 16),
        (0, 0, Sizes(), 0),
        (0, 0, Sizes(per_node=3), 0),
        (2, 0, Sizes(per_node=3), 3),
        (32, 2, Sizes(gpus_each=0.5), 4),
        (32, 2, Sizes(gpus_each=0.1), 8),
        (32, 0, Sizes(gpus_each=0.5), 0),
        (32, 1, Sizes(per_node=2, gpus_each=1.0), 1),
    ],
)
def test_a_machine_has_as_many_workers_as_it_has_room_for(cpus: float, gpus: float, sizes: Sizes, workers: int) -> None:
    assert sizes.workers(node("a", cpus=cpus, gpus=gpus)) == workers


def test_slots_share_the_cpus_of_their_machine() -> None:
    berths = Berths(Sizes(per_node=3))
    came = berths.alive([node("a", cpus=6.0)]).came
    assert [slot.id for slot in came] == ["a-0", "a-1", "a-2"]
    assert {slot.node for slot in came} == {"a"}
    found = [berths.where(slot.id) for slot in came]
    assert [None if berth is None else berth.cpus for berth in found] == [2.0] * 3


def test_each_change_is_told_once() -> None:
    berths = Berths(Sizes(per_node=1))
    assert [slot.id for slot in berths.alive([node("a"), node("b")]).came] == ["a-0", "b-0"]
    assert not berths.alive([node("b"), node("a")]).came
    changes = berths.alive([node("b")])
    assert (changes.came, changes.went) == ((), ("a-0",))
    assert berths.where("a-0") is None
    assert [slot.id for slot in berths.alive([node("b"), node("a", 1)]).came] == ["a-0"]


def test_one_that_begins_again_before_it_was_missed_keeps_its_slot_at_its_new_start() -> None:
    berths = Berths(Sizes(per_node=1))
    berths.alive([node("a")])
    changes = berths.alive([node("a", 1), node("a")])
    assert (changes.came, changes.went, changes.doubled) == ((), (), ("a",))
    berth = berths.where("a-0")
    assert berth is not None
    assert berth.node == "a/1"
    assert berths.alive([node("a", 1)]).doubled == ()


@pytest.mark.parametrize(("said", "name"), [("line-3", "line-3"), ("10.0.0.7", "10.0.0.7"), ("a b/../c", "a-b-..-c")])
def test_a_name_can_be_a_folder_and_a_part_of_a_topic(said: str, name: str) -> None:
    assert name_of(said) == name


def test_of_machines_that_are_gone_nothing_stays() -> None:
    berths = Berths(Sizes(per_node=1))
    for start in range(50):
        berths.alive([node("a", start), node("b")])
    assert len(berths._seen) == 2
    assert berths.alive([node("a", 49), node("a", 50)]).doubled == ("a",)
    berth = berths.where("a-0")
    assert berth is not None
    assert berth.node == "a/50"
