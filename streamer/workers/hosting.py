"""The process in a slot: begun, listened to, killed where it hangs, and begun again."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from streamer.backoff import full_jitter
from streamer.clock import Clock
from streamer.errors import NotNow, TaktError
from streamer.workers.line import Line, Said
from streamer.workers.pulse import BEAT_S, Deadlines, Pulse

_log = logging.getLogger(__name__)

FIRST_S, CAP_S, HEALTHY_S = 0.5, 30.0, 60.0
LEAVE_S = 5.0
"""For a worker that was told to end, beyond what it may deliver for."""


class Process(Protocol):
    """A worker's process, as `asyncio.subprocess.Process`; it may be on another machine."""

    @property
    def pid(self) -> int | str:
        """What names it to people."""
        ...

    def kill(self) -> None:
        """End it at once; never waits. Raises ProcessLookupError where it has ended."""
        ...

    async def wait(self) -> object:
        """Until it has ended, or cannot be reached any more. Returns its exit code where that is known."""
        ...


Begin = Callable[[str, socket.socket], Awaitable[Process]]
"""Begins the process of a slot, with the other end of its line."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of a slot. Called on the loop."""

    began: Callable[[str], None]
    """Its worker takes streams."""
    heard: Callable[[str, Said], None]
    settings: Callable[[], Said]
    """What a worker is told first: the whole configuration, and more."""
    ended: Callable[[str, str], Awaitable[None]]
    """It has none any more, and why; returns when one may begin again."""


class Hosted:
    """One slot. Lives on the event loop, for as long as `run` does."""

    def __init__(self, slot: str, begin: Begin, told: Told, clock: Clock, deadlines: Deadlines) -> None:
        self.slot = slot
        self._begin, self._told, self._clock, self._deadlines = begin, told, clock, deadlines
        self.line: Line | None = None
        """None: there is no worker now."""
        self.pid: int | str | None = None
        self.returncode: int | None = None
        """Of the process that ended last; None: none has, or nobody knows it."""
        self._pulse = Pulse(0.0, deadlines)
        self._hung = ""
        self._leaving = asyncio.Event()

    @property
    def crashed(self) -> bool:
        """Whether native code ended the last one, and nobody who kills processes."""
        return (self.returncode or 0) < 0 and self.returncode not in (-signal.SIGKILL, -signal.SIGTERM)

    async def run(self) -> None:
        """Have a worker in the slot, one after the other, until it is told to leave."""
        failures = 0
        while not self._leaving.is_set():
            began_s = self._clock.monotonic()
            try:
                reason = await self._live()
            except OSError as error:  # no memory, no descriptors, no processes: that passes, and others go on
                _log.error("worker %s cannot begin: %s", self.slot, error.strerror or error)
                reason = "begin"
            if self._leaving.is_set():
                return
            healthy = self._clock.monotonic() - began_s >= HEALTHY_S
            failures = 1 if healthy else failures + 1
            pause_s = full_jitter(failures, FIRST_S, CAP_S)
            _log.error("worker %s ended (%s); it begins again in %.1f s", self.slot, reason, pause_s)
            await self._told.ended(self.slot, reason)
            await self._pause(pause_s)

    async def _pause(self, seconds: float) -> None:
        """Unless it is told to leave: then nobody waits for a worker that is not to come."""
        async with asyncio.TaskGroup() as group:
            either = [group.create_task(one) for one in (self._clock.sleep(seconds), self._until_leaving())]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            for task in either:
                task.cancel()

    async def _until_leaving(self) -> None:
        await self._leaving.wait()

    async def ask(self, what: str, patience_s: float = 30.0, **rest: object) -> Said:
        """As `Line.ask`. Raises NotNow where there is no worker."""
        if self.line is None:
            raise NotNow("the worker of this stream begins; try again")
        return await self.line.ask(what, patience_s, **rest)

    def tell(self, what: str, **rest: object) -> None:
        """As `Line.tell`; nobody is told where there is no worker."""
        if self.line is not None:
            self.line.tell(what, **rest)

    async def _live(self) -> str:
        """One process, from its beginning to its end; why it ended."""
        self._pulse, self._hung = Pulse(self._clock.monotonic(), self._deadlines), ""
        process, ours = await self._begun()
        self.pid = process.pid
        try:
            async with Line.over(ours, _nobody_asks, self._hear) as self.line, asyncio.TaskGroup() as group:
                beside = [group.create_task(one) for one in (self._watch(process), self._greet(self.line))]
                await self.line.run()
                for task in beside:
                    task.cancel()
        finally:
            self.line = self.pid = None
            self.returncode = code if isinstance(code := await _end(process), int) else None
        return self._hung or "crash"

    async def _begun(self) -> tuple[Process, socket.socket]:
        """A process, and our end of its line. Raises OSError: this machine has none to give now."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                return await self._begin(self.slot, theirs), ours
            except BaseException:
                ours.close()
                raise

    async def leave(self) -> None:
        """Tell the worker to end in order, and begin none any more; `run` returns when it has ended."""
        self._leaving.set()
        if self.line is not None:
            with suppress(TaktError, KeyError):
                await self.line.ask("end", LEAVE_S)

    async def _greet(self, line: Line) -> None:
        with suppress(TaktError, KeyError):  # it is watched whether it begins
            await line.ask("begin", self._deadlines.begin_s, **self._told.settings())

    def _hear(self, said: Said) -> None:
        if said["tell"] == "beat":
            first = self._pulse.last_s is None
            self._pulse.beat(self._clock.monotonic(), float(said["batch_s"]))
            if self.line is not None and said.get("at") is not None:
                self.line.tell("heard", at=said["at"])
            if first:
                self._told.began(self.slot)
        self._told.heard(self.slot, said)

    async def _watch(self, process: Process) -> None:
        """Kill it where it makes no progress: what it accepted is on disk, and others take it over."""
        while True:
            due_s = self._clock.monotonic() + BEAT_S
            await self._clock.sleep(BEAT_S)
            self._pulse.unheard(max(0.0, self._clock.monotonic() - due_s))  # it may be we who stood still
            self._hung = "" if self._leaving.is_set() else self._pulse.hangs(self._clock.monotonic())
            if self._hung:
                _log.error("worker %s hangs (%s): it is killed", self.slot, self._hung)
                return _kill(process)


async def _nobody_asks(said: Said) -> Said:
    raise NotNow(f"a worker asks nothing: {said.get('what')}")


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


async def _end(process: Process, patience_s: float = LEAVE_S) -> object:
    """It closed its line, or we are about to end: nothing waits for it but its own last words. Returns how it ended;
    None: nobody knows, or a driver holds it though it is killed. Such a one does nothing any more."""
    for last in (False, True):
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                return await process.wait()
        if not last:
            _kill(process)
    _log.error("process %s was killed and does not end: a driver or a disk holds it", process.pid)
    return None


def beginning(cpus: float) -> Begin:
    """How a worker's process begins: a new interpreter, away from the terminal's signals."""

    async def begin(slot: str, end: socket.socket) -> Process:
        handle = end.fileno()
        words = ["-P", "-m", "streamer.workers.process", str(handle), slot, f"{cpus:g}"]
        return await asyncio.create_subprocess_exec(
            sys.executable, *words, stdin=asyncio.subprocess.DEVNULL, pass_fds=(handle,), start_new_session=True
        )

    return begin
