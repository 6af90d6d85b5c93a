"""How a command reaches the service that runs: a socket in its data folder, a line of JSON each way.

Only the service's own user may use it. It carries requests and knows none of them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from streamer.errors import NobodyThere, TaktError

_log = logging.getLogger(__name__)

SOCKET = "control.sock"
LINE_BYTES = 1 << 20
PATIENCE_S = 600.0
"""How long a command waits for the answer: a large network takes its time to load."""

Answer = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


@asynccontextmanager
async def listening(folder: Path, answer: Answer) -> AsyncIterator[None]:
    """Answer requests until the block ends. The folder must be this service's alone.

    `answer` gives what it has to say; an error of ours becomes `{"problem": …}`.
    """

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = json.loads(await reader.readline())
            said = await _said(answer, request)
            writer.write(json.dumps(said, default=str).encode() + b"\n")
            await writer.drain()
        except (OSError, ValueError, asyncio.LimitOverrunError) as error:
            _log.debug("a request over the control socket came to nothing: %s", error)
        finally:
            writer.close()

    try:
        bound = _bound(folder)
    except OSError as error:
        _log.warning("%s cannot have a socket (%s): commands do not reach this service", folder, error.strerror)
        yield
        return
    try:
        async with await asyncio.start_unix_server(take, sock=bound, limit=LINE_BYTES):
            yield
    finally:
        (folder / SOCKET).unlink(missing_ok=True)


def _bound(folder: Path) -> socket.socket:
    """The socket, with its name; one that was left by a service that was killed makes way."""
    (folder / SOCKET).unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(bound.fileno(), 0o600)  # before it has a name that others can see
        with _address(folder) as address:
            bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound


async def _said(answer: Answer, request: Any) -> Mapping[str, Any]:
    if not isinstance(request, dict):
        return {"problem": "a request is a JSON object"}
    try:
        return await answer(request)
    except Exception as error:
        # Nobody else hears of it: a request must not end the service.
        if not isinstance(error, TaktError):
            _log.exception("a request over the control socket failed by a bug")
        return {"problem": str(error) or type(error).__name__}


def ask(folder: Path, request: Mapping[str, Any], patience_s: float = PATIENCE_S) -> dict[str, Any]:
    """What the service over a folder answers.

    Raises:
        NobodyThere: none runs.
        TaktError: it ended, or took too long, before it had answered.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as there:
        there.settimeout(patience_s)
        try:
            with _address(folder) as address:
                there.connect(address)
        except OSError as error:
            raise NobodyThere(f"no service runs over {folder} ({error.strerror})") from error
        try:
            there.sendall(json.dumps(request).encode() + b"\n")
            with there.makefile("rb") as answers:
                return dict(json.loads(answers.readline(LINE_BYTES)))
        except (OSError, ValueError) as error:
            raise TaktError(
                "the service did not answer; see its log, and ask again: what it promoted, `takt check` says"
            ) from error


@contextmanager
def _address(folder: Path) -> Iterator[str]:
    """The socket's path, however long: an address has room for a hundred bytes, a folder's handle for any path."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{handle}/{SOCKET}"
    finally:
        os.close(handle)
