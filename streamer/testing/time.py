"""Virtual time: an hour of camera in a moment."""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

_TURNS = 20


class FakeClock:
    """Time that stands still until it is told to go on. See `Clock`.

    `advance` wakes sleepers in the order of their deadlines and lets each run before the next wakes. With
    `hurried=True` nobody needs to advance: a sleep moves time to its own end at once, for a single sleeper.
    """

    def __init__(self, now: float = 1_700_000_000.0, *, hurried: bool = False) -> None:
        self.began = now
        self.passed_s = 0.0
        self.slept: list[float] = []
        """Every sleep that was asked for, in order."""
        self._hurried = hurried
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self.began + self.passed_s

    def monotonic(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self._hurried:
            self.passed_s += seconds
            await asyncio.sleep(0)
            return
        wake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.passed_s + seconds, next(self._order), wake))
        await wake

    async def advance(self, seconds: float) -> None:
        """Let `seconds` pass."""
        end = self.passed_s + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= end:
            due, _, wake = heapq.heappop(self._sleepers)
            self.passed_s = max(self.passed_s, due)
            if not wake.done():
                wake.set_result(None)
            await _settle()
        self.passed_s = end


async def _settle() -> None:
    """Let every task that can run do so."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
