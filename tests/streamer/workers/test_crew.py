"""Slots come and go while the supervisor runs: what a machine had goes elsewhere, and is not waited for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from streamer.clock import SystemClock
from streamer.front import HISTORY, Front, limits_of
from streamer.health import Health
from streamer.history import History
from streamer.metrics import Metrics
from streamer.placement import Slot
from streamer.workers.crew import Crew
from streamer.workers.line import Line
from streamer.workers.supervisor import Supervisor
from tests.streamer.workers.test_supervisor import plant

T = TypeVar("T")


class FakeWorker:
    """Holds what it is told, and beats once it was told to begin."""

    pid = "a worker"

    def __init__(self, end: socket.socket, changed: asyncio.Event) -> None:
        self._end, self._changed = end.dup(), changed
        self.told: Mapping[str, Any] = {}
        self.holds: list[str] = []
        self.over = asyncio.Event()

    async def run(self) -> None:
        async with Line.over(self._end, self._answer, lambda said: None) as line, asyncio.TaskGroup() as group:
            self._line = line
            running = group.create_task(line.run())
            running.add_done_callback(lambda _: self.over.set())
            await self.over.wait()
            running.cancel()

    async def _answer(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        if said["what"] == "begin":
            self.told = said
            self._line.tell("beat", at=None, batch_s=0.0, waiting=0, connected=True)
        elif said["what"] == "hold":
            self.holds = sorted(said["streams"])
        elif said["what"] == "end":
            self.over.set()
        self._changed.set()
        return {}

    def kill(self) -> None:
        self.over.set()

    async def wait(self) -> None:
        await self.over.wait()


class Many:
    """A supervisor with workers that are tasks."""

    def __init__(self, group: asyncio.TaskGroup, front: Front, folder: Path, *slots: str) -> None:
        self._group, self.front = group, front
        self.workers: dict[str, FakeWorker] = {}
        self._changed = asyncio.Event()
        there = tuple(Slot(name, name[0]) for name in slots)
        crew = Crew("fakes", there, self._begin, all_needed=False)
        self.supervisor = Supervisor(plant(folder), front, folder / "plant.yaml", crew, SystemClock())

    async def _begin(self, slot: str, end: socket.socket) -> FakeWorker:
        worker = self.workers[slot] = FakeWorker(end, self._changed)
        self._group.create_task(worker.run())
        return worker

    async def until(self, condition: Callable[[], T | None]) -> T:
        """What there is then."""
        while (found := condition()) is None:
            await self._changed.wait()
            self._changed.clear()
        return found

    async def holder(self) -> str:
        """The slot that has the stream, once one has."""
        return await self.until(
            lambda: next((slot for slot, one in self.workers.items() if one.holds and not one.over.is_set()), None)
        )

    async def begun(self, slot: str) -> FakeWorker:
        """The living worker of a slot, once it was told to begin."""

        def found() -> FakeWorker | None:
            worker = self.workers.get(slot)
            return worker if worker is not None and worker.told and not worker.over.is_set() else None

        return await self.until(found)


@asynccontextmanager
async def many(folder: Path, *slots: str) -> AsyncIterator[Many]:
    clock, settings = SystemClock(), plant(folder)
    async with (
        asyncio.timeout(20),
        History.open(settings.data_dir / HISTORY, limits_of(settings.http), clock) as history,
        asyncio.TaskGroup() as group,
    ):
        front = Front.of(settings, clock, Metrics(), Health(), history)
        fleet, stop = Many(group, front, folder, *slots), asyncio.Event()
        group.create_task(fleet.supervisor.run(stop, asyncio.Event()))
        yield fleet
        stop.set()


async def test_streams_of_a_machine_that_goes_go_to_one_that_is_there(tmp_path: Path) -> None:
    async with many(tmp_path, "a-0", "b-0") as fleet:
        first = await fleet.holder()
        assert fleet.supervisor.health.ready
        assert fleet.workers[first].told["slots"] == ["a-0", "b-0"]
        fleet.workers[first].holds = []
        fleet.supervisor.go(first)
        assert await fleet.holder() != first
        assert f'reason="gone",slot="{first}"}} 1.0' in fleet.supervisor.metrics.exposition().decode()


async def test_while_no_worker_lives_nobody_is_told_that_there_is_no_room(tmp_path: Path) -> None:
    async with many(tmp_path, "a-0") as fleet:
        fleet.supervisor.go(await fleet.holder())
        fleet.supervisor.spreading.placement.step(0.0)
        fleet.supervisor._placed()
        assert fleet.front.onlookers.register.view("cam").reason == "worker"


async def test_a_machine_that_comes_later_gets_a_worker_which_is_told_of_all(tmp_path: Path) -> None:
    async with many(tmp_path, "a-0") as fleet:
        await fleet.holder()
        fleet.supervisor.come(Slot("b-0", "b"))
        assert (await fleet.begun("b-0")).told["slots"] == ["a-0", "b-0"]
        fleet.supervisor.go("a-0")
        fleet.workers["a-0"].holds = []
        assert await fleet.holder() == "b-0"
        del fleet.workers["a-0"]
        fleet.supervisor.come(Slot("a-0", "a"))
        assert (await fleet.begun("a-0")).told["slots"] == ["a-0", "b-0"]
