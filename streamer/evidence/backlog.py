"""Work that waits for one thread, bounded in pieces and bytes: what does not fit is refused, nobody ever waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

MOST = 32
"""Pieces of work that wait at a time."""
MOST_BYTES = 64 << 20
"""Of pictures that wait with them."""


class Backlog:
    """Lives on the event loop. What its thread does is little: it has others code pictures, and waits."""

    def __init__(self, name: str, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._thread = ThreadPoolExecutor(1, name)
        self._lock = threading.Lock()
        self._waiting: dict[Future[None], int] = {}
        self._bytes = 0
        self.leaving = threading.Event()
        """There is no time left: what has not been done is not to be done any more."""

    def offer(self, work: Callable[[], None], size: int = 0) -> bool:
        """Have it done after what waits already; False where there is no room for so much more.

        `work` must not raise. `size`: bytes of pictures that it holds on to.
        """
        with self._lock:
            if len(self._waiting) >= self._most or self._bytes + size > self._most_bytes:
                return False
            done = self._thread.submit(work)
            self._waiting[done] = size
            self._bytes += size
        done.add_done_callback(self._forget)
        return True

    async def finish(self, grace_s: float) -> None:
        """Nothing more will be offered. What waits has `grace_s`; then `leaving` is said, and the rest ends quickly."""
        with self._lock:
            waiting = [asyncio.wrap_future(done) for done in self._waiting]
        if waiting:
            await asyncio.wait(waiting, timeout=grace_s)
        self.leaving.set()
        self._thread.shutdown(wait=False)

    def _forget(self, done: Future[None]) -> None:
        with self._lock:
            self._bytes -= self._waiting.pop(done, 0)
