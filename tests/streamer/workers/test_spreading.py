"""Workers hold what is decided: who loses a stream lets go first, and one that is slow holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streamer.errors import ConfigError, NotNow
from streamer.placement import Placement, Slot
from streamer.placement.quarantine import DEATHS
from streamer.testing.time import FakeClock
from streamer.workers.spreading import Spreading


class FakeWorker:
    """Holds what it is told, and remembers it."""

    def __init__(self) -> None:
        self.holds: list[list[str]] = []
        self.levels: dict[str, int] = {}
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.error: Exception | None = None
        self.unfit: set[str] = set()
        """Streams that cannot be made."""
        self.slow = asyncio.Event()
        self.slow.set()

    async def ask(self, what: str, patience_s: float = 30.0, **rest: Any) -> Mapping[str, Any]:
        await self.slow.wait()
        if self.error is not None:
            raise self.error
        if what == "hold":
            if unfit := self.unfit & rest["streams"].keys():
                raise ConfigError([f"streams.{one}: it cannot be made" for one in unfit])
            self.holds.append(sorted(rest["streams"]))
            self.levels = {stream: how["level"] for stream, how in rest["streams"].items()}
        else:
            self.levels[rest["stream"]] = rest["level"]
        return {}

    def tell(self, what: str, **rest: Any) -> None:
        self.told.append((what, rest))

    @property
    def held(self) -> list[str]:
        return self.holds[-1] if self.holds else []


@asynccontextmanager
async def spread(streams: int, workers: int) -> AsyncIterator[tuple[Spreading, dict[str, FakeWorker]]]:
    spreading = Spreading(Placement(), FakeClock(), lambda streams: {})
    those = {f"s{n}": FakeWorker() for n in range(workers)}
    for n in range(streams):
        spreading.want(f"c{n}")
    for slot, worker in those.items():
        spreading.joined(Slot(slot), worker)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(spreading.run())
        await settle()
        yield spreading, those
        running.cancel()


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


def all_held(workers: Mapping[str, FakeWorker]) -> list[str]:
    return sorted(stream for worker in workers.values() for stream in worker.held)


async def test_every_stream_is_held_by_one_worker() -> None:
    async with spread(6, 3) as (_, workers):
        assert all_held(workers) == [f"c{n}" for n in range(6)]
        assert {len(worker.held) for worker in workers.values()} == {2}


async def test_streams_of_a_dead_worker_are_held_by_others_before_one_begins_in_its_slot() -> None:
    async with spread(6, 3) as (spreading, workers):
        dead = workers.pop("s1")
        untouched = {slot: set(worker.held) for slot, worker in workers.items()}
        await spreading.lost("s1")
        assert all_held(workers) == [f"c{n}" for n in range(6)]
        assert all(untouched[slot] < set(worker.held) for slot, worker in workers.items())
        assert dead.held


async def test_a_worker_that_takes_its_time_holds_up_no_other() -> None:
    async with spread(6, 3) as (spreading, workers):
        workers["s0"].slow.clear()
        spreading.want("new-1")
        spreading.want("new-2")
        spreading.want("new-3")
        await settle()
        workers.pop("s1")
        await asyncio.sleep(0)
        before = set(workers["s2"].held)
        spreading.placement.lose("s1")
        spreading._hands.pop("s1")
        spreading.want("new-4")
        await settle()
        assert before < set(workers["s2"].held)
        workers["s0"].slow.set()
        await settle()


async def test_a_stream_that_is_forgotten_is_let_go() -> None:
    async with spread(4, 2) as (spreading, workers):
        spreading.forget("c2")
        await settle()
        assert all_held(workers) == ["c0", "c1", "c3"]


async def test_what_a_worker_refuses_is_not_asked_again_at_once_and_the_rest_goes_on() -> None:
    async with spread(2, 2) as (spreading, workers):
        wrong, right = workers["s0"], workers["s1"]
        wrong.error = ConfigError(["streams.0: no such network"])
        spreading.want("more-1")
        spreading.want("more-2")
        await settle()
        assert len(wrong.holds) == 1
        assert len(right.held) == 2


async def test_a_stream_that_cannot_be_made_keeps_none_of_the_others_waiting() -> None:
    async with spread(0, 1) as (spreading, workers):
        only = workers["s0"]
        only.unfit = {"c1"}
        for name in ("c0", "c1", "c2"):
            spreading.want(name)
        await settle()
        assert only.held == ["c0", "c2"]
        with pytest.raises(ConfigError, match=r"streams\.c1"):
            await spreading.taken("c1")
        await spreading.taken("c2")
        asked = len(only.holds)
        spreading._due.set()
        await settle()
        assert len(only.holds) == asked, "it is not asked again at once"


async def test_nor_does_it_keep_one_from_ending_or_from_being_changed() -> None:
    async with spread(2, 1) as (spreading, workers):
        only = workers["s0"]
        only.unfit = {"c9"}
        spreading.want("c9")
        await settle()
        spreading.forget("c0")
        await settle()
        assert only.held == ["c1"]
        spreading.want("c1", priority=1)
        await spreading.taken("c1")
        only.unfit = set()
        spreading.want("c9")
        await spreading.taken("c9")
        assert only.held == ["c1", "c9"]


async def test_one_that_is_not_ready_is_asked_again() -> None:
    async with spread(1, 1) as (spreading, workers):
        workers["s0"].error = NotNow("begins")
        spreading.want("more")
        await settle()
        workers["s0"].error = None
        spreading._due.set()
        await settle()
        assert workers["s0"].held == ["c0", "more"]


async def test_a_stream_that_moves_is_let_go_before_another_holds_it() -> None:
    async with spread(2, 2) as (spreading, workers):
        moving = workers["s0"].held[0]
        workers["s0"].slow.clear()
        bench = spreading.placement._benches
        bench["s1"].seated[moving] = bench["s0"].seated.pop(moving)
        spreading._due.set()
        await settle()
        assert moving not in workers["s1"].held
        workers["s0"].slow.set()
        await settle()
        assert moving in workers["s1"].held
        assert workers["s0"].held == []


async def test_a_stream_that_ends_every_worker_is_given_to_none_until_it_is_changed() -> None:
    async with spread(1, 3) as (spreading, workers):
        for _ in range(DEATHS):
            slot = next(slot for slot, worker in workers.items() if worker.held)
            workers.pop(slot)
            await spreading.lost(slot, crashed=True)
            workers[slot] = FakeWorker()
            spreading.joined(Slot(slot), workers[slot])
            await settle()
        assert {*spreading.quarantine.aside} == {"c0"}
        assert spreading.placement.place("c0") is None
        assert spreading.placement.waiting == [], "it is not for want of room"
        with pytest.raises(NotNow, match="set aside"):
            spreading.worker_of("c0")
        spreading.want("c0")
        await settle()
        assert all_held(workers) == ["c0"]


async def test_workers_that_somebody_kills_or_that_cannot_begin_blame_no_stream() -> None:
    async with spread(1, 2) as (spreading, _):
        for _ in range(DEATHS + 1):
            for slot in ("s0", "s1"):
                await spreading.lost(slot, crashed=False)
                spreading.joined(Slot(slot), FakeWorker())
        for _ in range(DEATHS + 1):
            await spreading.lost("s0", crashed=False)
            spreading.expect(Slot("s0"))
            await spreading.lost("s0", crashed=True)
        assert not spreading.quarantine.aside


def move(spreading: Spreading, stream: str, there: str) -> None:
    benches = spreading.placement._benches
    (here,) = [bench for bench in benches.values() if stream in bench.seated]
    benches[there].seated[stream] = here.seated.pop(stream)
    spreading._due.set()


async def test_a_stream_that_moves_while_its_worker_begins_with_it_is_let_go_before_another_holds_it() -> None:
    async with spread(2, 2) as (spreading, workers):
        workers["s0"].slow.clear()
        workers["s1"].slow.clear()
        spreading.want("new")
        await settle()
        place = spreading.placement.place("new")
        assert place is not None
        first, other = workers.pop(place.slot), "s1" if place.slot == "s0" else "s0"
        workers[other].slow.set()
        move(spreading, "new", other)
        await settle()
        assert "new" not in workers[other].held, "the first may hold it by now"
        first.slow.set()
        await settle()
        assert ["new" in held for held in first.holds[-2:]] == [True, False]
        assert "new" in workers[other].held


async def test_what_a_worker_that_did_not_answer_may_hold_is_let_go_before_another_holds_it() -> None:
    async with spread(2, 2) as (spreading, workers):
        for worker in workers.values():
            worker.error = NotNow("did not answer within 120 s")
        spreading.want("new")
        await settle()
        place = spreading.placement.place("new")
        assert place is not None
        first, other = workers.pop(place.slot), "s1" if place.slot == "s0" else "s0"
        workers[other].error = None
        move(spreading, "new", other)
        await settle()
        assert "new" not in workers[other].held
        first.error = None
        spreading._due.set()
        await settle()
        assert "new" in workers[other].held


async def test_a_stream_that_is_made_anew_is_cleared_by_what_it_outlives() -> None:
    async with spread(1, 1) as (spreading, _):
        spreading.want("c0")
        await settle()
        (case,) = spreading.quarantine._cases.values()
        assert case.since_s is not None


async def test_of_a_stream_that_is_forgotten_while_a_worker_begins_with_it_nothing_stays() -> None:
    async with spread(1, 1) as (spreading, workers):
        workers["s0"].slow.clear()
        spreading.want("gone")
        await settle()
        spreading.forget("gone")
        workers["s0"].slow.set()
        await settle()
        assert all_held(workers) == ["c0"]
        assert {*spreading.quarantine._cases} == {"c0"}
