"""A supervisor's end and a worker's, over a real line."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from streamer.errors import NotNow
from streamer.workers.line import Hear, Line, Said
from streamer.workers.questions import Questions


async def nobody_asks(said: Said) -> Said:
    raise NotNow("nothing is asked here")


def nobody_hears(said: Said) -> None:
    """Nothing is told here."""


@asynccontextmanager
async def answering(
    questions: Callable[[Line], Questions], hear: Hear = nobody_hears
) -> AsyncIterator[tuple[Line, Line]]:
    """The supervisor's end, and the worker's, which answers `questions`."""
    ours, theirs = socket.socketpair()
    known: dict[str, Callable[[Said], Awaitable[Said]]] = {}

    async def answer(said: Said) -> Said:
        return await known[said["what"]](said)

    async with (
        Line.over(ours, nobody_asks, nobody_hears) as here,
        Line.over(theirs, answer, hear) as there,
        asyncio.timeout(10),
        asyncio.TaskGroup() as group,
    ):
        known |= questions(there)
        running = [group.create_task(here.run()), group.create_task(there.run())]
        yield here, there
        for task in running:
            task.cancel()
