"""Kept pictures over HTTP: `/evidence/<event id>.mp4` and `.jpg`, whole or a range, to those who know the token."""

from __future__ import annotations

import asyncio
import base64
import hmac
import logging
import math
import re
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from io import BufferedReader
from typing import Protocol

from streamer.access import Access, Refused
from streamer.clock import Clock
from streamer.evidence.shelf import NAME
from streamer.exchange import Answer, Request, plain

_log = logging.getLogger(__name__)

PREFIX = "/evidence/"
MOST = 16
"""Files that are sent at a time; whoever comes then is asked to come again."""
CHUNK = 256 << 10
_KINDS = {"mp4": "video/mp4", "jpg": "image/jpeg"}
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")


class Files(Protocol):
    """What is served; see `streamer.evidence.shelf.Shelf`."""

    def expected_at(self, name: str) -> float | None: ...

    def opened(self, name: str) -> tuple[BufferedReader, int] | None: ...


class EvidenceSite:
    """Lives on the event loop; the disk is waited for in a thread of its own. See `streamer.exchange.Site`."""

    def __init__(self, shelf: Files, token: str | None, clock: Clock, access: Access | None = None) -> None:
        """`token`: whoever asks must know it, or have a token of `access` for pictures; where neither has any, nobody
        is asked."""
        self._shelf, self._token, self._clock = shelf, token, clock
        self._access = access if access is not None and access.has_tokens else None
        self._thread = ThreadPoolExecutor(1, "evidence-site")
        self._sending = 0

    async def answer(self, request: Request) -> Answer:
        name = request.path.removeprefix(PREFIX)
        if request.method not in ("GET", "HEAD"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
        if not (self._is_known(request.headers.get("authorization", "")) or self._may_see(request)):
            challenge = 'Bearer realm="takt", Basic realm="takt"'
            return plain(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": challenge})
        if NAME.fullmatch(name) is None:
            return plain(HTTPStatus.NOT_FOUND)
        if self._sending >= MOST:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "2"})
        return await self._file(name, request)

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _file(self, name: str, request: Request) -> Answer:
        loop = asyncio.get_running_loop()
        expected_at = self._shelf.expected_at(name)  # asked first: a file that comes meanwhile is found
        found = await loop.run_in_executor(self._thread, self._shelf.opened, name)
        if found is None and expected_at is not None:
            wait_s = max(1, math.ceil(expected_at - self._clock.now()))
            return plain(HTTPStatus.NOT_FOUND, {"Retry-After": str(wait_s)})
        if found is None:
            return plain(HTTPStatus.GONE)
        file, size = found
        part = asked_range(request.headers.get("range", ""), size)
        first, last = part or (0, size - 1)
        if first > last:
            file.close()
            return plain(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, {"Content-Range": f"bytes */{size}"})
        fields = {
            "Content-Type": _KINDS[name.rpartition(".")[2]],
            "Content-Length": str(last - first + 1),
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        if part is not None:
            fields["Content-Range"] = f"bytes {first}-{last}/{size}"
        _log.info("evidence read: %s by %s", name, request.client)
        status = HTTPStatus.OK if part is None else HTTPStatus.PARTIAL_CONTENT
        if request.method == "HEAD":
            file.close()
            return Answer(status, fields)
        return Answer(status, fields, self._parts(file, first, last))

    async def _parts(self, file: BufferedReader, first: int, last: int) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        self._sending += 1
        try:
            with file:
                await loop.run_in_executor(self._thread, file.seek, first)
                left = last - first + 1
                while left > 0:
                    chunk = await loop.run_in_executor(self._thread, file.read, min(left, CHUNK))
                    if not chunk:
                        return
                    left -= len(chunk)
                    yield chunk
        finally:
            self._sending -= 1

    def _is_known(self, authorization: str) -> bool:
        """By a bearer token, or by it as a password, which a browser asks for. Compared in constant time."""
        if self._token is None:
            return self._access is None
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                given = base64.b64decode(given, validate=True).decode().partition(":")[2]
            except ValueError:  # not in base64, not in ASCII even, or no text
                return False
        elif scheme.lower() != "bearer":
            return False
        return hmac.compare_digest(given.strip().encode(), self._token.encode())

    def _may_see(self, request: Request) -> bool:
        """By a token of the API, or a session of one."""
        try:
            return self._access is not None and self._access.grant(request).may("pictures")
        except Refused:
            return False


def asked_range(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of one range (RFC 9110), the first behind the last where nothing is there; None: what is
    asked for is no such range, and then the whole is the answer."""
    found = _RANGE.fullmatch(asked)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return max(0, size - int(last)), size - 1 if int(last) else -1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
