"""HTTP as the parts of the service know it: a request in, an answer out. No server and no library."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Protocol

_NO_FIELDS: Mapping[str, str] = MappingProxyType({})


class BodyTooLarge(Exception):
    """A request brings more than it may; the rest is not read."""


class BodyTooLate(Exception):
    """A request does not bring what it announced; nobody waits for it any longer."""


async def _no_body(most: int) -> bytes:
    return b""


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks."""

    method: str
    path: str
    """Decoded, without the query."""
    headers: Mapping[str, str]
    """By name in small letters."""
    client: str = "somebody"
    """Its address, for logs and limits."""
    body: Callable[[int], Awaitable[bytes]] = field(default=_no_body, repr=False)
    """Reads what it brings, of at most so many bytes; raises BodyTooLarge, BodyTooLate. Not before it is asked for."""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.path} from {self.client})"


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is told."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | AsyncGenerator[bytes, None] = b""
    """A generator states its length in `Content-Length`; it is closed also where nobody takes all of it."""


def plain(status: HTTPStatus, headers: Mapping[str, str] = _NO_FIELDS, text: str = "") -> Answer:
    """A line of text; by default what the status is called."""
    said = f"{text or status.phrase.lower()}\n".encode()
    return Answer(status, {"Content-Type": "text/plain; charset=utf-8", **headers}, said)


class Site(Protocol):
    """Answers all requests below a path of its own."""

    async def answer(self, request: Request) -> Answer: ...


NO_SITES: Mapping[str, Site] = MappingProxyType({})
"""Sites go by what the paths that they answer begin with, e.g. `/evidence/`."""
