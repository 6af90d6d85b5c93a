"""The outbox as the loop sees it."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.event import OpenAction, OpenCycle
from streamer.outbox.store import Queued, Store
from streamer.outbox.writer import Report, Writer
from streamer.wire import Message

_log = logging.getLogger(__name__)

BUDGET_BYTES = 256 << 20
LEAST_BUDGET_BYTES = 1 << 20


class OutboxObserver(Protocol):
    """Called on the loop."""

    def outbox_accepted(self, count: int) -> None: ...

    def outbox_state(self, depth: int, oldest_age_s: float, used_bytes: int) -> None: ...

    def outbox_dropped(self, cls: str, count: int) -> None: ...

    def fsync_seconds(self, seconds: float) -> None: ...


class Outbox:
    """Messages that must not be lost: durable once accepted, kept until delivered.

    Every call is answered by the writer thread; whatever is asked while a commit runs shares the next one.
    A cancelled call may still be carried out.
    """

    def __init__(self, folder: Path, budget_bytes: int, clock: Clock, observer: OutboxObserver) -> None:
        self._clock = clock
        self._observer = observer
        self._writer = Writer(folder, budget_bytes, clock, self._reported)
        self.arrived = asyncio.Event()
        """Set when there may be something new to deliver; whoever delivers clears it."""
        self.depth = 0
        """Messages that wait, as of the last commit."""
        self._empty = asyncio.Event()
        self._epochs: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls, folder: Path, *, clock: Clock, observer: OutboxObserver, budget_bytes: int = BUDGET_BYTES
    ) -> AsyncIterator[Outbox]:
        """Own the outbox in `folder`; made where absent. The budget is at most half of the volume.

        A damaged file is set aside as `quarantine-…` and a new one begun.

        Raises:
            OutboxUnavailable: another process owns it, or the disk cannot be written.
        """
        budget = _budget(folder, budget_bytes)
        outbox = cls(folder, budget, clock, observer)
        await outbox._writer.start()
        try:
            outbox._epochs = await outbox._writer.ask(Store.epochs)
            yield outbox
        finally:
            await outbox._writer.close()

    async def accept(
        self,
        messages: Sequence[Message],
        opened: Sequence[OpenAction | OpenCycle] = (),
        closed: Sequence[UUID] = (),
    ) -> list[Message]:
        """Store messages, and what they open and close, in one commit; durable on return.

        Returns the messages with `seq` (per stream and term, from 1, without holes) and `term`. A message whose key
        waits already keeps the number it has.

        Raises:
            OutboxUnavailable: nothing was stored.
        """
        now = self._clock.now()
        messages, opened, closed = tuple(messages), tuple(opened), tuple(closed)
        kept = await self._writer.ask(lambda store: store.accept(messages, opened, closed, now), grows=True)
        self._observer.outbox_accepted(len(kept))
        return kept

    async def next_epoch(self, stream: str) -> int:
        """A number for a new connection of a stream: the Unix second, or one more than the last where that is larger.

        So it is larger than every one before, over restarts too: those that found another clock, those that lost the
        folder, and those after a time when the disk took nothing and the number was known to memory only.
        """
        epoch = max(int(self._clock.now()), self._epochs.get(stream, 0) + 1)
        self._epochs[stream] = epoch
        try:
            await self._writer.ask(lambda store: store.keep_epoch(stream, epoch))
        except OutboxUnavailable as error:
            _log.error("epoch %d of stream %s begins though it is not stored: %s", epoch, stream, error)
        return epoch

    async def open_actions(self) -> list[OpenAction]:
        """Actions that started and have not ended; at start-up, those that a killed process left."""
        return await self._writer.ask(Store.open_actions)

    async def open_cycles(self) -> list[OpenCycle]:
        """Likewise, of units that were worked on."""
        return await self._writer.ask(Store.open_cycles)

    async def pending(self, after: int, limit: int) -> list[Queued]:
        """At most `limit` waiting messages with an id above `after`, oldest first."""
        return await self._writer.ask(lambda store: store.pending(after, limit))

    async def delivered(self, ids: Sequence[int]) -> None:
        """Forget messages that are safe on the other side."""
        ids = tuple(ids)
        await self._writer.ask(lambda store: store.delivered(ids))

    async def dead_letter(self, id_: int, reason: str) -> None:
        """Set a message aside that nobody will ever take; the newest thousand are kept."""
        now = self._clock.now()
        await self._writer.ask(lambda store: store.dead_letter(id_, reason, now))

    async def ended(self) -> None:
        """Return once the outbox is closed. Raises OutboxUnavailable where a bug ended it before."""
        await self._writer.ended()

    async def drained(self) -> None:
        """Return once nothing waits."""
        await self._empty.wait()

    def _reported(self, report: Report) -> None:
        self.depth = report.depth
        if report.depth:
            self._empty.clear()
        else:
            self._empty.set()
        if report.grown:
            self.arrived.set()
        for cls, count in report.dropped.items():
            _log.error("the outbox is full: the %d oldest messages of class %s were dropped", count, cls)
            self._observer.outbox_dropped(cls, count)
        if report.commit_s:
            self._observer.fsync_seconds(report.commit_s)
        age = 0.0 if report.oldest_at is None else max(0.0, self._clock.now() - report.oldest_at)
        self._observer.outbox_state(report.depth, age, report.used_bytes)


def _budget(folder: Path, wanted_bytes: int) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        budget = min(wanted_bytes, shutil.disk_usage(folder).total // 2)
    except OSError as error:
        raise OutboxUnavailable(f"cannot use the outbox folder {folder}: {error.strerror}") from error
    if budget < LEAST_BUDGET_BYTES:
        raise OutboxUnavailable(f"the outbox needs at least {LEAST_BUDGET_BYTES} bytes, {budget} are allowed")
    return budget
