"""The one HTTP server of the service, on the event loop of the service."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from streamer.errors import ConfigError

REQUEST_S = 5.0
"""A client has this long to ask its first question; the next one must not wait for it."""
CLIENTS = 256
"""At a time; who comes then is told to come again."""
TAKES_S, TAKES_BYTES = 30.0, 16 << 10
"""A client that is told something takes as many bytes in that time, or all that is left; else nothing waits for it."""
LEAVE_S = 1.0
"""What is under way may take so long when the service ends."""

# Its lines quote what clients send, and are asked for by nobody: what matters is said by who answers.
logging.getLogger("uvicorn").setLevel(logging.CRITICAL)


@asynccontextmanager
async def serve(host: str, port: int, app: FastAPI) -> AsyncIterator[int]:
    """Serve until the block ends; yields the port (a free one for port 0).

    uvicorn's `Server` would take the process's signals and wake ten times a second: here it only speaks HTTP.

    Raises:
        ConfigError: nothing can listen there.
    """
    config = uvicorn.Config(
        app, lifespan="off", ws="none", log_config=None, access_log=False, limit_concurrency=CLIENTS
    )
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: _Connection(config, state, {}), host, port)
    except OSError as error:
        raise ConfigError(
            [f"http: cannot listen on {host}:{port} ({error.strerror}); give a free `http.port`"]
        ) from error
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await _leave(state)


async def _leave(state: ServerState) -> None:
    for connection in list(state.connections):
        connection.shutdown()
    if state.tasks:
        _, late = await asyncio.wait(state.tasks, timeout=LEAVE_S)
        for task in late:
            task.cancel()
    for connection in list(state.connections):
        connection.transport.abort()


class _Connection(H11Protocol):
    """uvicorn waits for ever for who connects, or begins to ask and says no more, or takes no answer."""

    _hurry: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= 2 * CLIENTS:
            return transport.abort()
        super().connection_made(transport)
        transport.set_write_buffer_limits(0)  # whatever is not taken at once is told of by `pause_writing`
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.connections:  # and was let in
            self._rest()
            self._taken()
            super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._taken()
        super().resume_writing()

    def _wait_for(self, left: int) -> None:
        """Something of what is left must be taken, also once the connection is closed for what comes after."""
        self._taking = self.loop.call_later(TAKES_S, self._look, left)

    def _look(self, left: int) -> None:
        now = self.transport.get_write_buffer_size()
        if left - now < TAKES_BYTES:
            self.transport.abort()
        else:
            self._wait_for(now)

    def _taken(self) -> None:
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._rest()
        elif self._hurry is None:
            self._hurry = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _rest(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None
