"""Pictures of events that workers of this machine keep in one folder: served, and kept within its limits."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from io import BufferedReader

from streamer.clock import Clock
from streamer.evidence.shelf import Shelf

_log = logging.getLogger(__name__)

SWEEP_S = 5.0
"""Seconds from one look at the folder to the next: as long it may hold more than it should."""
LATE_S = 60.0
"""A file that is later than that does not come any more: who promised it may be dead."""
MOST_PROMISED = 10_000


class CommonShelf:
    """See `streamer.evidence.site.Files`: a shelf that others put files on, who say what they will put."""

    def __init__(self, shelf: Shelf, clock: Clock) -> None:
        self._shelf, self._clock = shelf, clock
        self._promised: dict[str, float] = {}
        self._thread = ThreadPoolExecutor(1, "evidence-sweep")

    async def run(self) -> None:
        """For as long as the task lives."""
        try:
            while True:
                await self._clock.sleep(SWEEP_S)
                await asyncio.get_running_loop().run_in_executor(self._thread, self._sweep)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)

    def promised(self, name: str, ready_at: float | None) -> None:
        """A worker says that a file will come; None: it will not after all."""
        self._promised.pop(name, None)
        if ready_at is not None:
            self._promised[name] = ready_at
            if len(self._promised) > MOST_PROMISED:
                del self._promised[next(iter(self._promised))]

    def expected_at(self, name: str) -> float | None:
        ready_at = self._promised.get(name)
        return None if ready_at is None or ready_at < self._clock.now() - LATE_S else ready_at

    def opened(self, name: str) -> tuple[BufferedReader, int] | None:
        """In a thread. It may have come since the folder was looked at."""
        found = self._shelf.opened(name)
        if found is None:
            self._sweep()
            found = self._shelf.opened(name)
        if found is not None:
            self._promised.pop(name, None)
        return found

    def _sweep(self) -> None:
        """In a thread."""
        try:
            self._shelf.take_up()
        except FileNotFoundError:
            return  # removed in the middle: the next look finds the rest
        except OSError as error:
            _log.error("evidence cannot be looked at (%s); give a folder that this user may read", error.strerror)
