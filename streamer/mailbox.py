"""The one way from a thread to the event loop: bounded, newest wins, loss counted."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(AsyncIterator[T], Generic[T]):
    """Items of one thread for one reader on the event loop.

    A full mailbox throws the oldest item away and counts it; with `wait=True` (recorded input) the thread waits
    for room instead. The reader may be cancelled at any time without losing an item.
    """

    def __init__(self, room: int, *, wait: bool = False) -> None:
        """Must be made on the loop that will read."""
        self._loop = asyncio.get_running_loop()
        self._room = room
        self._wait = wait
        self._items: deque[T] = deque()
        self._state = threading.Condition()
        self._reader: asyncio.Future[None] | None = None
        self._closed = False
        self._left = False
        self._error: BaseException | None = None
        self._lost = 0

    @property
    def lost(self) -> int:
        """Items thrown away so far because the reader was slower than the thread."""
        return self._lost

    def put(self, item: T) -> bool:
        """Any thread but the loop's: hand over an item. False says that nobody will read it: stop."""
        with self._state:
            while self._wait and len(self._items) >= self._room and not (self._closed or self._left):
                self._state.wait()
            if self._closed or self._left:
                return False
            if len(self._items) >= self._room:
                self._items.popleft()
                self._lost += 1
            self._items.append(item)
            return self._wake()

    def close(self, error: BaseException | None = None) -> None:
        """Any thread: no more items. The reader gets what is there, then the error or the end. First call wins."""
        with self._state:
            if self._closed:
                return
            self._closed, self._error = True, error
            self._state.notify_all()
            self._wake()

    def leave(self) -> None:
        """The reader will not come back: let go of the items and of a waiting thread."""
        with self._state:
            self._left = True
            self._items.clear()
            self._state.notify_all()

    async def __anext__(self) -> T:
        while True:
            with self._state:
                if self._items:
                    item = self._items.popleft()
                    self._state.notify()
                    return item
                if self._closed or self._left:
                    if self._error is not None:
                        raise self._error
                    raise StopAsyncIteration
                self._reader = reader = self._loop.create_future()
            await reader

    def _wake(self) -> bool:
        """Wake the reader if it waits (with the lock held); a reader that has work needs no call."""
        reader, self._reader = self._reader, None
        if reader is None:
            return True
        try:
            self._loop.call_soon_threadsafe(_resolve, reader)
        except RuntimeError:  # the loop was closed under us: the process is ending
            self._left = True
            return False
        return True


def _resolve(reader: asyncio.Future[None]) -> None:
    if not reader.done():
        reader.set_result(None)
