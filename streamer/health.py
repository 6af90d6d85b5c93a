"""A small HTTP server for those who watch over the service: /metrics, /livez, /readyz, and what others add."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol

from streamer.errors import ConfigError

_log = logging.getLogger(__name__)

REQUEST_S = 5.0
"""A client has this long to ask; the next one must not wait for it."""


class Pages(Protocol):
    """Answers requests below a path of its own."""

    async def answer(self, request: bytes, writer: asyncio.StreamWriter) -> None:
        """Write the answer to a request's head. Bounds the time that a slow client may take; what it raises of a client
        that went away (OSError, TimeoutError) is expected."""
        ...


NO_PAGES: Mapping[bytes, Pages] = MappingProxyType({})


class Health:
    """What is known of the service's health.

    Ready means: configuration read, recognizers loaded, outbox open. Cameras and the broker are not asked: that
    they are away is shown by metrics, and taking the service out of rotation or restarting it would help nobody.
    """

    def __init__(self) -> None:
        self.ready = False


@asynccontextmanager
async def serve(
    host: str,
    port: int,
    health: Health,
    metrics: Callable[[], tuple[str, bytes]],
    pages: Mapping[bytes, Pages] = NO_PAGES,
) -> AsyncIterator[int]:
    """Serve until the block ends; yields the port (a free one for port 0).

    Args:
        metrics: gives content type and text of the exposition.
        pages: by what the paths that they answer begin with.

    Raises:
        ConfigError: nothing can listen there.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_S):
                request = await reader.readuntil(b"\r\n\r\n")
                path = request.partition(b" ")[2].partition(b" ")[0]
                page = next((one for start, one in pages.items() if path.startswith(start)), None)
                if page is None:
                    writer.write(_response(request, health, metrics))
                    await writer.drain()
            if page is not None:
                await page.answer(request, writer)
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            _log.debug("an HTTP client went away or asked for too long")
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, host, port)
    except OSError as error:
        raise ConfigError(
            [f"http: cannot listen on {host}:{port} ({error.strerror}); give a free `http.port`"]
        ) from error
    async with server:
        yield server.sockets[0].getsockname()[1]


def _response(request: bytes, health: Health, metrics: Callable[[], tuple[str, bytes]]) -> bytes:
    method, _, rest = request.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    kind, body, status = "text/plain; charset=utf-8", b"ok\n", HTTPStatus.OK
    if method not in (b"GET", b"HEAD"):
        status, body = HTTPStatus.METHOD_NOT_ALLOWED, b"only GET\n"
    elif path == b"/metrics":
        kind, body = metrics()
    elif path == b"/readyz" and not health.ready:
        status, body = HTTPStatus.SERVICE_UNAVAILABLE, b"not ready\n"
    elif path not in (b"/livez", b"/readyz"):
        status, body = HTTPStatus.NOT_FOUND, b"try /metrics, /livez or /readyz\n"
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"Connection: close\r\n\r\n" + (b"" if method == b"HEAD" else body)
