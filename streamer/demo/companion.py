"""Processes that live and end with ours."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

from streamer.errors import TaktError

START_S = 30.0
STOP_S = 3.0


@contextlib.asynccontextmanager
async def companion(module: str, *arguments: str) -> AsyncIterator[dict[str, Any]]:
    """Run `python -m module` until the block ends; yields what it says of itself once it is ready.

    Raises:
        TaktError: it ended, or said nothing for `START_S`.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, "--parent", str(os.getpid()),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        # Its own session: Ctrl-C in the terminal is for the service, which still needs its companions to say goodbye.
        start_new_session=True,
    )  # fmt: skip
    try:
        yield await _first_words(module, process)
    finally:
        await _end(process)


async def _first_words(module: str, process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    try:
        async with asyncio.timeout(START_S):
            line = await process.stdout.readline()
    except TimeoutError:
        raise TaktError(f"{module} was not ready within {START_S:g} s") from None
    if not line:
        raise TaktError(f"{module} did not start: is the `demo` extra installed?")
    words: dict[str, Any] = json.loads(line)
    return words


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def serve_until_alone(parent: int, ready: Mapping[str, object]) -> None:
    """In a companion: say that it is ready, and return when it is told to end or its parent is gone."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()
    # A killed parent cannot end its companions: they notice that they were left alone.
    while not stop.is_set() and os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), timeout=1.0)
