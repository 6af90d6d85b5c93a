"""Asks an application without a socket; of what does not end, for the beginning."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.types import ASGIApp

from streamer.testing.api import TOKENS

BEARER = {token.name: f"Bearer {token.secret}" for token in TOKENS}
LOCAL = {"host": "127.0.0.1:9464"}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, all of it."""

    status: int
    headers: Mapping[str, str]
    text: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.text)


async def ask(
    app: ASGIApp,
    method: str,
    target: str,
    headers: Mapping[str, str] | None = None,
    body: object = None,
    client: str = "10.0.0.7",
) -> Said:
    """`body`: sent as JSON, or as it is where it is bytes; `headers` besides those of a client on this machine."""
    path, _, query = target.partition("?")
    fields = {**LOCAL, **(headers or {})}
    sent = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    if body is not None:
        fields = {"content-type": "application/json", "content-length": str(len(sent)), **fields}
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in fields.items()],
        "client": (client, 1), "server": ("127.0.0.1", 9464), "state": {},
    }  # fmt: skip
    told: list[Any] = []

    asked, begun = iter([{"type": "http.request", "body": sent, "more_body": False}]), asyncio.Event()

    async def receive() -> dict[str, object]:
        for message in asked:
            return message
        await begun.wait()  # and leaves then, where the answer does not end by itself
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        told.append(message)
        if message.get("body"):
            begun.set()

    await app(scope, receive, send)
    start = told[0]
    there = {name.decode().lower(): value.decode("latin-1") for name, value in start["headers"]}
    return Said(start["status"], there, b"".join(one.get("body", b"") for one in told[1:]))
