"""Carries the bytes of a line between the supervisor and a worker that no socket reaches."""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Protocol

from streamer.clock import Clock

_log = logging.getLogger(__name__)

CHUNK = 64 << 10
"""Bytes at once: small enough that Ray sends them along with the call, and stores them nowhere."""
LET_END_S = 5.0
"""So long after its line was closed a worker may take to end."""


class Gone(Exception):
    """The other side ended, or cannot be reached any more."""


class Far(Protocol):
    """A worker elsewhere, with the other end of its line."""

    @property
    def name(self) -> str:
        """For people."""
        ...

    async def push(self, data: bytes) -> None:
        """Give it bytes; none: there are no more. Raises Gone."""
        ...

    async def pull(self) -> bytes:
        """Bytes that it said; none: nothing for a while. Raises Gone."""
        ...

    def end(self) -> None:
        """Kill it, if it lives. Never waits."""
        ...


class Bridge:
    """See `streamer.workers.hosting.Process`: the worker, as if it were a process of ours. `run` is to be run."""

    def __init__(self, far: Far, end: socket.socket, clock: Clock) -> None:
        """`end` of the line stays the caller's, who may close it."""
        self._far, self._end, self._clock = far, end.dup(), clock
        self._killed = asyncio.Event()
        self._over = asyncio.Event()

    @property
    def pid(self) -> str:
        return self._far.name

    def kill(self) -> None:
        """Nothing is carried any more, at once. What is frozen is killed when it thaws, if it does not end itself."""
        self._killed.set()

    async def wait(self) -> None:
        await self._over.wait()

    async def run(self) -> None:
        """Carry until one side is gone; then the other is, too."""
        try:
            reader, writer = await asyncio.open_connection(sock=self._end)
            try:
                async with asyncio.TaskGroup() as group:
                    there = group.create_task(self._there(reader))
                    back = group.create_task(self._back(writer))
                    killed = group.create_task(self._killed.wait())
                    await asyncio.wait((back, killed), return_when=asyncio.FIRST_COMPLETED)
                    for task in (there, back, killed):
                        task.cancel()
            finally:
                writer.close()
        finally:
            self._far.end()
            self._over.set()

    async def _there(self, reader: asyncio.StreamReader) -> None:
        with suppress(Gone, OSError):
            while data := await reader.read(CHUNK):
                await self._far.push(data)
            await self._far.push(b"")  # it ends in order
            await self._clock.sleep(LET_END_S)
        self.kill()

    async def _back(self, writer: asyncio.StreamWriter) -> None:
        with suppress(Gone, OSError):
            while True:
                writer.write(await self._far.pull())
                await writer.drain()
