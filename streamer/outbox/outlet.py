"""The outbox as one recipient sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from streamer.clock import Clock
from streamer.outbox.rows import Queued
from streamer.outbox.store import Store
from streamer.outbox.writer import Writer


class Outlet:
    """What waits for one recipient; another one's being late or away changes nothing here."""

    def __init__(self, name: str, writer: Writer, clock: Clock) -> None:
        self.name = name
        self._writer = writer
        self._clock = clock
        self.arrived = asyncio.Event()
        """Set when there may be something new to deliver; whoever delivers clears it."""
        self.depth = 0
        """Messages that wait, as of the last commit."""
        self.taken = 0
        """Messages that the recipient took, in the life of this process."""
        self._empty = asyncio.Event()

    async def pending(self, after: int, limit: int) -> list[Queued]:
        """At most `limit` waiting messages with an id above `after`, oldest first."""
        return await self._writer.ask(lambda store: store.pending(after, limit, self.name))

    async def delivered(self, ids: Sequence[int]) -> None:
        """Note that messages are safe on the other side."""
        ids, now = tuple(ids), self._clock.now()
        await self._writer.ask(lambda store: store.delivered(ids, self.name, now))
        self.taken += len(ids)

    async def dead_letter(self, id_: int, reason: str) -> None:
        """Set a message aside that the recipient will never take; the newest thousand are kept."""
        now = self._clock.now()
        await self._writer.ask(lambda store: store.dead_letter(id_, reason, now, self.name))

    async def replay(self, since: float) -> int:
        """Let what was delivered since a time (Unix seconds), and is still kept, wait once more; how many those are."""
        return await self._writer.ask(lambda store: store.replay(self.name, since))

    async def newest(self) -> float:
        """Unix seconds at which anybody took what is still kept, 0 where nothing is."""
        return await self._writer.ask(Store.newest_taken)

    async def drained(self) -> None:
        """Return once nothing waits."""
        await self._empty.wait()

    def changed(self, depth: int, grown: bool) -> None:
        """Called on the loop after a commit."""
        self.depth = depth
        if depth:
            self._empty.clear()
        else:
            self._empty.set()
        if grown:
            self.arrived.set()
