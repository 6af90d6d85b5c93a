"""Workers begin on machines that can have them; what is wrong with the others is said."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

import pytest

from streamer.cluster.bridge import Far, Gone
from streamer.cluster.machines import AGAIN_S, LOOK_S, SILENT_S, Machines
from streamer.cluster.nodes import Berth, Node, Sizes
from streamer.placement import Slot
from streamer.testing.time import FakeClock
from tests.streamer.cluster.test_bridge import FakeFar

OURS = {"taktstream": version("taktstream"), "python": "3.11.7"}


class FakeCluster:
    """Machines by id, each with what it says of itself."""

    def __init__(self, *names: str) -> None:
        self.there = {name: Node(name, name.partition("/")[0], 4.0) for name in names}
        self.says: dict[str, Mapping[str, str] | Gone] = {}
        self.seats: list[tuple[str, str]] = []
        self.answers = asyncio.Event()
        self.answers.set()

    async def nodes(self) -> list[Node]:
        await self.answers.wait()
        return list(self.there.values())

    async def versions(self, node: str) -> Mapping[str, str]:
        said = self.says.get(node, OURS)
        if isinstance(said, Gone):
            raise said
        return said

    def seat(self, berth: Berth, lease_s: float, gpus: float) -> Far:
        self.seats.append((berth.slot.id, berth.node))
        return FakeFar()


class FakeSlots:
    def __init__(self) -> None:
        self.told: list[str] = []

    def come(self, slot: Slot) -> None:
        self.told.append(f"+{slot.id}")

    def go(self, slot: str) -> None:
        self.told.append(f"-{slot}")


@asynccontextmanager
async def machines(cluster: FakeCluster) -> AsyncIterator[tuple[Machines, FakeSlots, FakeClock]]:
    clock, slots = FakeClock(), FakeSlots()
    async with (
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
        Machines(cluster, Sizes(per_node=1), 9.0, clock) as known,
    ):
        await known.first()
        watching = group.create_task(known.watch(slots))
        yield known, slots, clock
        watching.cancel()


async def begin(known: Machines, slot: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        bridge = await known.begin(slot, theirs)
        await asyncio.sleep(0)
        bridge.kill()
        await bridge.wait()


async def test_slots_come_and_go_with_their_machines() -> None:
    cluster = FakeCluster("a", "b")
    async with machines(cluster) as (known, slots, clock):
        del cluster.there["b"]
        await clock.advance(LOOK_S)
        assert slots.told == ["-b-0"]
        cluster.there["b/2"] = Node("b/2", "b", 4.0)
        await clock.advance(3 * LOOK_S)
        assert slots.told == ["-b-0", "+b-0"]
        await begin(known, "b-0")
        assert cluster.seats == [("b-0", "b/2")]


async def test_a_worker_of_a_machine_that_is_gone_is_gone_at_once() -> None:
    cluster = FakeCluster("a")
    async with machines(cluster) as (known, _, clock):
        cluster.there.clear()
        await clock.advance(LOOK_S)
        await begin(known, "a-0")
        assert not cluster.seats


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Gone("No module named 'streamer'"), "taktstream cannot be used there: No module named 'streamer'"),
        ({"taktstream": "0.0.9"}, "it has taktstream 0.0.9"),
    ],
)
async def test_machines_without_the_same_taktstream_get_no_workers_until_they_have(
    said: Mapping[str, str] | Gone, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    cluster = FakeCluster("a", "b")
    cluster.says["b"] = said
    with caplog.at_level(logging.ERROR):
        async with machines(cluster) as (_, slots, clock):
            (record,) = caplog.records
            assert record.getMessage().startswith(f"machine b gets no workers: {why}")
            await clock.advance(2 * LOOK_S)
            assert slots.told == []
            cluster.says.clear()
            await clock.advance(AGAIN_S + 2 * LOOK_S)
            assert slots.told == ["+b-0"]


async def test_where_nobody_can_have_a_worker_everything_that_is_wrong_is_said() -> None:
    cluster = FakeCluster("a", "b")
    cluster.says |= {"a": Gone("no such module"), "b": {"taktstream": "0.0.9"}}
    async with Machines(cluster, Sizes(), 9.0, FakeClock()) as known:
        slots, wrong = await known.first()
    assert slots == ()
    assert [one.partition(":")[0] for one in wrong] == ["machine a", "machine b"]


async def test_a_head_that_does_not_answer_is_told_of_and_nobody_is_sent_away(caplog: pytest.LogCaptureFixture) -> None:
    cluster = FakeCluster("a")
    async with machines(cluster) as (_, slots, clock):
        cluster.answers.clear()
        await clock.advance(LOOK_S + SILENT_S)
        assert "head of the cluster does not answer" in caplog.text
        cluster.answers.set()
        await clock.advance(2 * LOOK_S)
        assert slots.told == []
