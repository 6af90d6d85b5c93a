"""A slot has one process after the other: begun, told everything, killed where it hangs, begun again."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streamer.testing.time import FakeClock
from streamer.workers.hosting import CAP_S, FIRST_S, Hosted, Told, _end
from streamer.workers.line import Line
from streamer.workers.pulse import Deadlines


class FakeProcess:
    """A worker's process, as the one who began it sees it; its side of the line is `line`."""

    def __init__(self, pid: int, end: socket.socket) -> None:
        self.pid, self.killed, self.code = pid, False, 0
        self._end = end.dup()
        self._over = asyncio.Event()
        self.asked: list[Mapping[str, Any]] = []
        self.line: Line | None = None

    async def run(self) -> None:
        async with Line.over(self._end, self._answer, lambda said: None) as self.line, asyncio.TaskGroup() as group:
            running = group.create_task(self.line.run())
            await self._over.wait()
            running.cancel()

    async def _answer(self, said: Mapping[str, Any]) -> Mapping[str, Any]:
        self.asked.append(said)
        if said["what"] == "end":
            self._over.set()
        return {}

    def beat(self, batch_s: float = 0.0) -> None:
        assert self.line is not None
        self.line.tell("beat", batch_s=batch_s)

    def kill(self) -> None:
        self.killed = True
        self._over.set()

    async def wait(self) -> int:
        await self._over.wait()
        return self.code


class Slot:
    """A slot with fake processes."""

    def __init__(self, group: asyncio.TaskGroup) -> None:
        self.clock, self._group = FakeClock(), group
        self.processes: list[FakeProcess] = []
        self.began: list[str] = []
        self.ended: list[str] = []
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self.error: OSError | None = None
        """There is no process to be had."""
        told = Told(self.began.append, lambda slot, said: None, lambda: {"settings": {"whole": True}}, self._ended)
        self.running: asyncio.Task[None]
        self.hosted = Hosted("0", self._begin, told, self.clock, Deadlines(100.0, 10.0, 60.0))

    async def _begin(self, slot: str, end: socket.socket) -> Any:
        if self.error is not None:
            raise self.error
        process = FakeProcess(len(self.processes) + 1, end)
        self.processes.append(process)
        self._group.create_task(process.run())
        return process

    async def _ended(self, slot: str, reason: str) -> None:
        self.ended.append(reason)
        await self.may_begin.wait()


@asynccontextmanager
async def hosted() -> AsyncIterator[Slot]:
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        slot = Slot(group)
        slot.running = group.create_task(slot.hosted.run())
        await settle()
        yield slot
        slot.running.cancel()
        for process in slot.processes:
            process.kill()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0.002)


async def beats(slot: Slot, seconds: float, batch_s: float = 0.0) -> None:
    for _ in range(int(seconds)):
        slot.processes[-1].beat(batch_s)
        await settle()
        await slot.clock.advance(1.0)
        await settle()


async def test_it_is_told_the_configuration_and_takes_streams_at_its_first_beat() -> None:
    async with hosted() as slot:
        assert [one["settings"] for one in slot.processes[0].asked] == [{"whole": True}]
        assert slot.began == []
        await beats(slot, 3)
        assert slot.began == ["0"]
        assert len(slot.processes) == 1


async def test_one_that_dies_is_begun_again_once_others_have_what_it_held() -> None:
    async with hosted() as slot:
        await beats(slot, 1)
        slot.may_begin.clear()
        slot.processes[0].kill()
        await settle()
        await slot.clock.advance(CAP_S)
        await settle()
        assert slot.ended == ["crash"]
        assert len(slot.processes) == 1
        slot.may_begin.set()
        await settle()
        await slot.clock.advance(FIRST_S)
        await settle()
        assert len(slot.processes) == 2
        await beats(slot, 1)
        assert slot.began == ["0", "0"]


async def test_one_that_says_nothing_any_more_is_killed() -> None:
    async with hosted() as slot:
        await beats(slot, 3)
        await slot.clock.advance(9.0)
        await settle()
        assert not slot.processes[0].killed
        await slot.clock.advance(3.0)
        await settle()
        assert slot.processes[0].killed
        assert slot.ended == ["loop"]


async def test_nobody_is_killed_for_what_was_said_while_we_stood_still() -> None:
    async with hosted() as slot:
        await beats(slot, 3)
        slot.clock.passed_s += 30.0  # as by SIGSTOP, or a machine that swaps
        await slot.clock.advance(1.0)
        await settle()
        assert not slot.processes[0].killed
        await slot.clock.advance(12.0)
        await settle()
        assert slot.ended == ["loop"], "but for what was not said since"


async def test_one_whose_engine_does_not_come_back_is_killed_though_its_loop_lives() -> None:
    async with hosted() as slot:
        await beats(slot, 2, batch_s=59.0)
        assert not slot.processes[0].killed
        await beats(slot, 1, batch_s=61.0)
        assert slot.ended == ["engine"]


async def test_where_no_process_is_to_be_had_it_is_tried_again_and_nobody_else_ends_by_it() -> None:
    async with hosted() as slot:
        await beats(slot, 1)
        slot.error = OSError(errno.EAGAIN, "Resource temporarily unavailable")
        slot.processes[0].kill()
        await settle()
        await slot.clock.advance(CAP_S)
        await settle()
        assert slot.ended[:2] == ["crash", "begin"]
        slot.error = None
        await slot.clock.advance(CAP_S)
        await settle()
        assert len(slot.processes) == 2


async def test_who_is_told_to_leave_while_it_waits_to_begin_again_does_not_wait() -> None:
    async with hosted() as slot:
        await beats(slot, 1)
        slot.processes[0].kill()
        await settle()
        passed_s = slot.clock.passed_s
        await slot.hosted.leave()
        await slot.running
        assert (len(slot.processes), slot.clock.passed_s) == (1, passed_s)


async def test_one_that_is_told_to_leave_ends_in_order_and_none_comes_after_it() -> None:
    async with hosted() as slot:
        await beats(slot, 1)
        await slot.hosted.leave()
        await settle()
        await slot.clock.advance(100.0)
        await settle()
        assert not slot.processes[0].killed
        assert (len(slot.processes), slot.ended) == (1, [])


@pytest.mark.parametrize(
    ("code", "crashed"), [(-signal.SIGSEGV, True), (-signal.SIGABRT, True), (-signal.SIGKILL, False), (1, False)]
)
async def test_what_native_code_did_is_told_from_who_kills_processes(code: int, crashed: bool) -> None:
    async with hosted() as slot:
        await beats(slot, 1)
        slot.processes[0].code = code
        slot.processes[0].kill()
        await settle()
        assert slot.ended == ["crash"]
        assert slot.hosted.crashed is crashed


async def test_nobody_waits_for_ever_for_a_process_that_a_driver_holds() -> None:
    class Held:
        pid, killed = 7, 0

        def kill(self) -> None:
            self.killed += 1

        async def wait(self) -> object:
            return await asyncio.Event().wait()

    process = Held()
    async with asyncio.timeout(5):
        assert await _end(process, 0.01) is None
    assert process.killed == 1
