"""An answer on its way, as slowly as it is taken, and no further than somebody takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from types import MappingProxyType
from typing import Any

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from streamer.exchange import Answer

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})
PATIENCE_S = 20.0
"""A client has this long to take a part of the answer."""


class Told:
    """A site's answer."""

    def __init__(self, answer: Answer, head: bool) -> None:
        self._answer, self._head = answer, head

    async def send(self, send: Send) -> None:
        """Raises TimeoutError where nobody takes it."""
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self._answer.headers.items()]
        body = self._answer.body
        if isinstance(body, bytes) and "Content-Length" not in self._answer.headers:  # which a HEAD may have
            headers.append((b"content-length", str(len(body)).encode()))
        await part(send, type="http.response.start", status=self._answer.status.value, headers=headers)
        if isinstance(body, bytes):
            await part(send, type="http.response.body", body=b"" if self._head else body)
        else:
            await self._flow(send, body)

    async def _flow(self, send: Send, body: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(body):
            if not self._head:
                async for piece in body:
                    await part(send, type="http.response.body", body=piece, more_body=True)
        await part(send, type="http.response.body", body=b"")


async def part(send: Send, **message: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        await send(message)


class Flow(Response):
    """What goes on until its generator ends, nobody takes it any more, or the client is gone."""

    def __init__(self, pieces: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(None, 200, headers, media_type)
        del self.headers["content-length"]
        self._pieces = pieces

    @classmethod
    async def begun(
        cls, pieces: AsyncGenerator[bytes, None], media_type: str, headers: Mapping[str, str] = _NO_FIELDS
    ) -> Flow:
        """Raises what the generator does before its first piece: then nothing was answered yet."""
        return cls(_again(await anext(pieces, b""), pieces), media_type, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with asyncio.TaskGroup() as group:
            telling = group.create_task(self._told(send))
            # The server tells nothing to who sends to somebody that is gone; it only answers who asks.
            gone = group.create_task(_gone(receive))
            await asyncio.wait({telling, gone}, return_when=asyncio.FIRST_COMPLETED)
            gone.cancel()
            telling.cancel()

    async def _told(self, send: Send) -> None:
        with suppress(TimeoutError):  # a client that takes for ever
            await self._tell(send)

    async def _tell(self, send: Send) -> None:
        async with aclosing(self._pieces):
            await part(send, type="http.response.start", status=self.status_code, headers=self.raw_headers)
            async for piece in self._pieces:
                await part(send, type="http.response.body", body=piece, more_body=True)
            await part(send, type="http.response.body", body=b"")


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _again(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece
