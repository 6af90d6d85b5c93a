"""Who goes first: work that others wait for, before work that only watches."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from streamer.clock import Clock

YIELD_S = 10.0
"""How long nothing goes through after there was too little time for what others wait for."""


class Gate:
    """Open while no live network is busy. Lives on the event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._busy = 0
        self._closed_until = 0.0
        self._free = asyncio.Event()
        self._free.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """A live network answers a batch in the block."""
        self._busy += 1
        self._free.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._free.set()

    async def free(self) -> None:
        """Wait until no live network is busy; another may be by the time that somebody else has run."""
        while self._busy:
            await self._free.wait()

    def overloaded(self) -> None:
        """There was no time for a clip of a live network."""
        self._closed_until = self._clock.monotonic() + YIELD_S

    @property
    def yields(self) -> bool:
        """Whether there was, a moment ago."""
        return self._clock.monotonic() < self._closed_until
