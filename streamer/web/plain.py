"""From the framework's request to the one that others know."""

from __future__ import annotations

from functools import partial

from fastapi.requests import Request as WebRequest
from starlette.types import Receive, Scope

from streamer.exchange import Request
from streamer.web.body import read_body


async def _nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}


def request_of(scope: Scope, receive: Receive = _nothing) -> Request:
    """What is asked; without `receive` it brings nothing."""
    asked = WebRequest(scope, receive)
    return Request(
        method=asked.method,
        path=scope["path"],
        headers={name: value for name, value in asked.headers.items()},
        client=asked.client.host if asked.client else "somebody",
        body=partial(read_body, asked),
    )
