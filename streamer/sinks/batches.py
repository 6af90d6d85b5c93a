"""Puts that come while others are under way go together, in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Self

from streamer.errors import MessageRejected, SinkUnavailable
from streamer.wire import Message

Send = Callable[[list[Message]], Awaitable[None]]
"""Returns when all are safe. Raises SinkUnavailable (none counts as sent) or MessageRejected."""


class Batches:
    """One batch at a time is sent. Works between entering and leaving.

    When one fails, whatever waits fails with it: whoever put it starts over from the oldest, so that order is kept.
    Of a batch that is refused for good, each message is tried by itself.
    """

    def __init__(self, send: Send, most: int) -> None:
        """At most so many messages in a batch."""
        self._send = send
        self._most = most
        self._waiting: deque[tuple[Message, asyncio.Future[None]]] = deque()
        self._arrived = asyncio.Event()
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def put(self, message: Message) -> None:
        """As `Sink.put`."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((message, done))
        self._arrived.set()
        await done

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._next()

    async def _next(self) -> None:
        count = min(self._most, len(self._waiting))
        taken = [self._waiting.popleft() for _ in range(count)]
        taken = [(message, done) for message, done in taken if not done.done()]
        if not taken:
            return
        try:
            await self._send([message for message, _ in taken])
        except MessageRejected as error:
            if len(taken) == 1:
                _settle(taken[0][1], error)
            else:
                await self._one_by_one(taken)
        except SinkUnavailable as error:
            self._fail([*taken, *self._waiting], error)
            self._waiting.clear()
        else:
            for _, done in taken:
                _settle(done)

    async def _one_by_one(self, taken: list[tuple[Message, asyncio.Future[None]]]) -> None:
        for number, (message, done) in enumerate(taken):
            try:
                await self._send([message])
            except MessageRejected as error:
                _settle(done, error)
            except SinkUnavailable as error:
                self._fail([*taken[number:], *self._waiting], error)
                self._waiting.clear()
                return
            else:
                _settle(done)

    def _fail(self, puts: list[tuple[Message, asyncio.Future[None]]], error: SinkUnavailable) -> None:
        for _, done in puts:
            _settle(done, SinkUnavailable(str(error)))


def _settle(done: asyncio.Future[None], error: Exception | None = None) -> None:
    with contextlib.suppress(asyncio.InvalidStateError):  # nobody waits any more
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)
