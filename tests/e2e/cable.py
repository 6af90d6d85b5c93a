"""A cable to a port of this machine, which can be pulled and plugged in again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self


class Cable:
    """`async with Cable(port) as cable:` who connects to `cable.port` is connected to `port`, while plugged in."""

    def __init__(self, to: int) -> None:
        self.port = 0
        self._to = to
        self._plugged = True
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()

    def pull(self) -> None:
        """Every connection ends, and no new one comes through."""
        self._plugged = False
        for end in self._ends:
            end.transport.abort()

    def plug_in(self) -> None:
        self._plugged = True

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()
        if self._server is not None:
            self._server.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._plugged:
            return writer.transport.abort()
        with suppress(OSError):
            there, onward = await asyncio.open_connection("127.0.0.1", self._to)
            self._ends |= {writer, onward}
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, onward))
                both.create_task(self._carry(there, writer))
            self._ends -= {writer, onward}

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        writer.transport.abort()
