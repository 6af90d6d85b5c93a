"""An HTTP server that misbehaves on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it came; names of headers in small letters."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class HttpStub:
    """Answers as its fields say; they may change while it runs."""

    status: Callable[[int], int | None] = lambda _: 204
    """Of the n-th request (from 0); None: no answer at all."""
    headers: tuple[str, ...] = ()
    """More lines of the answer's head."""
    body: bytes = b""
    hangs_up: Callable[[int], bool] = lambda _: False
    """Whether the connection ends after the n-th answer, without a word."""
    port: int = 0
    connections: int = 0
    posted: list[Posted] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with every request."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def serving(self, context: ssl.SSLContext | None = None) -> AsyncIterator[HttpStub]:
        server = await asyncio.start_server(self._client, "127.0.0.1", self.port, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()

    def hang_up(self) -> None:
        """End every connection."""
        for writer in self._writers:
            writer.close()
        self._writers.clear()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
                headers = _headers(lines)
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                number = len(self.posted)
                self.posted.append(Posted(first.split()[1], headers, body))
                self.heard.set()
                status = self.status(number)
                if status is None:
                    continue
                head = [f"HTTP/1.1 {status} told so", f"Content-Length: {len(self.body)}", *self.headers]
                writer.write("\r\n".join([*head, "", ""]).encode() + self.body)
                await writer.drain()
                if self.hangs_up(number):
                    break
        writer.close()


def _headers(lines: Iterable[str]) -> dict[str, str]:
    return {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
