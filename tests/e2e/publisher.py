"""A publisher by WHIP, over real HTTP."""

from __future__ import annotations

import asyncio
import http.client
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from email.message import Message
from typing import Any
from urllib.parse import urlsplit

from streamer.testing.peers import answered, offered, peer

Reply = tuple[int, Message, bytes]


def ask(url: str, method: str = "POST", body: bytes = b"", token: str | None = None, **headers: str) -> Reply:
    """One request. Blocks."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    try:
        with suppress(BrokenPipeError, ConnectionResetError):  # not all of it was wanted: the answer is there
            connection.request(method, parts.path, body, {"Content-Type": "application/sdp", **headers})
        reply = connection.getresponse()
        return reply.status, reply.headers, reply.read()
    finally:
        connection.close()


@asynccontextmanager
async def publishing(url: str, token: str | None, *tracks: Any, **more: Any) -> AsyncIterator[tuple[Any, str]]:
    """The peer, and the address of its session."""
    async with peer(*tracks, **more) as connection:
        offer = await offered(connection)
        status, headers, body = await asyncio.to_thread(ask, url, "POST", offer.encode(), token)
        assert status == 201, (status, body)
        await answered(connection, body.decode())
        parts = urlsplit(url)
        yield connection, f"{parts.scheme}://{parts.netloc}{headers['Location']}"
