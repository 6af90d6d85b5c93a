"""An answer ends with whoever takes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest
from starlette.types import Message

from streamer.web.telling import Flow


async def test_a_flow_that_nobody_takes_ends_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.telling.PATIENCE_S", 0.05)
    closed: list[bool] = []

    async def pieces() -> AsyncGenerator[bytes, None]:
        try:
            while True:
                yield b"more"
        finally:
            closed.append(True)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async with asyncio.timeout(5):
        await Flow(pieces(), "text/plain", {})({"type": "http"}, receive, send)
    assert closed == [True]
