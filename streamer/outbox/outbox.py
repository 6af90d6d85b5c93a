"""The outbox as the loop sees it."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.event import OpenAction, OpenCycle
from streamer.outbox import dead
from streamer.outbox.adoption import DONE, Orphan, orphans
from streamer.outbox.files import owned
from streamer.outbox.outlet import Outlet
from streamer.outbox.rows import MAIN, DeadLetter, Gap, Recipient
from streamer.outbox.store import Rules, Store
from streamer.outbox.writer import Report, Writer
from streamer.wire import Message

_log = logging.getLogger(__name__)

BUDGET_BYTES = 256 << 20
LEAST_BUDGET_BYTES = 1 << 20
KEEP_S = 7 * 86_400.0


class OutboxObserver(Protocol):
    """Called on the loop."""

    def outbox_accepted(self, count: int) -> None: ...

    def outbox_state(self, depth: int, oldest_age_s: float, used_bytes: int) -> None: ...

    def outbox_waiting(self, recipient: str, depth: int) -> None: ...

    def outbox_dropped(self, cls: str, count: int) -> None: ...

    def fsync_seconds(self, seconds: float) -> None: ...


class Outbox:
    """Messages that must not be lost: durable once accepted, kept until delivered.

    Every call is answered by the writer thread; whatever is asked while a commit runs shares the next one.
    A cancelled call may still be carried out.
    """

    def __init__(self, folder: Path, rules: Rules, clock: Clock, observer: OutboxObserver) -> None:
        self._folder = folder
        self._budget_bytes = rules.budget_bytes
        self._clock = clock
        self._observer = observer
        self._writer = Writer(folder, rules, clock, self._reported)
        self._outlets = {one.name: Outlet(one.name, self._writer, clock) for one in rules.recipients}
        self.budget_bytes = rules.budget_bytes
        self.depth = 0
        """Messages that wait for anybody, as of the last commit."""
        self.stored: Callable[[Sequence[Message]], None] = lambda _: None
        """Called on the loop with what was made durable, numbered as `accept` returns it."""
        self.dropped = asyncio.Event()
        """Set when `gaps` may have something new; whoever announces them clears it."""
        self._epochs: dict[str, int] = {}

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        folder: Path,
        *,
        clock: Clock,
        observer: OutboxObserver,
        budget_bytes: int = BUDGET_BYTES,
        keep_s: float = KEEP_S,
        replay_s: float = 0.0,
        recipients: Sequence[Recipient] = (Recipient(MAIN),),
    ) -> AsyncIterator[Outbox]:
        """Own the outbox in `folder`; made where absent. The budget is at most half of the volume.

        What waits for longer than `keep_s` is given up. What everybody has is kept for another `replay_s`, as far as
        there is room, so that it can be sent again. A damaged file is set aside as `quarantine-…` and a new one begun.

        Raises:
            OutboxUnavailable: another process owns it, or the disk cannot be written.
        """
        rules = Rules(budget_bytes, keep_s, replay_s, tuple(recipients))
        async with cls.under(rules, folder, clock, observer) as outbox:
            yield outbox

    @classmethod
    @asynccontextmanager
    async def under(cls, rules: Rules, folder: Path, clock: Clock, observer: OutboxObserver) -> AsyncIterator[Outbox]:
        """As `open`."""
        rules = replace(rules, budget_bytes=_budget(folder, rules.budget_bytes))
        outbox = cls(folder, rules, clock, observer)
        await outbox._writer.start()
        try:
            outbox._epochs = await outbox._writer.ask(Store.epochs)
            yield outbox
        finally:
            await outbox._writer.close()

    def outlet(self, name: str = MAIN) -> Outlet:
        """The outbox as one recipient sees it."""
        return self._outlets[name]

    async def accept(
        self,
        messages: Sequence[Message],
        opened: Sequence[OpenAction | OpenCycle] = (),
        closed: Sequence[UUID] = (),
        announced: Sequence[Gap] = (),
    ) -> list[Message]:
        """Store messages, and what they open, close and announce, in one commit; durable on return.

        Returns the messages with `seq` (per stream and term, from 1, without holes) and `term`. A message whose key
        waits already keeps the number it has.

        Raises:
            OutboxUnavailable: nothing was stored.
        """
        now = self._clock.now()
        messages, opened, closed, gaps = tuple(messages), tuple(opened), tuple(closed), tuple(announced)

        def work(store: Store) -> list[Message]:
            store.told(gaps)
            return store.accept(messages, opened, closed, now)

        kept = await self._writer.ask(work, grows=True)
        self._observer.outbox_accepted(len(kept))
        self.stored(kept)
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

    async def adopt(self, streams: Collection[str] | None = None, but: Collection[str] = ()) -> int:
        """Take over what waits and what is open in outboxes beside this one whose owner is gone; how many messages.

        Of those streams only, where they are given: who begins with a stream adopts it first, so that what is old is
        delivered before what is new. Messages keep their numbers; new ones count from a term above theirs. What cannot
        be taken now stays where it is; so does what is in folders of the names `but`, whose owners come back.
        """
        before = self.depth
        for folder in [one for one in orphans(self._folder) if one.name not in but]:
            try:
                with owned(folder):
                    await self._adopt_one(folder, streams)
            except OutboxUnavailable as error:
                _log.info("the outbox %s is not taken over: %s", folder, error)
        return self.depth - before

    async def outrank(self, term: int) -> None:
        """Count what is new from this term on, unless ours is above it: whoever gave us a stream says so."""

        def work(store: Store) -> None:
            if store.term < term:
                store.new_term(term)

        await self._writer.ask(work)

    async def _adopt_one(self, folder: Path, streams: Collection[str] | None) -> None:
        ask, now = self._writer.ask, self._clock.now()
        orphan = await ask(lambda _: Orphan(folder, self._budget_bytes, now))
        try:
            await ask(orphan.outrank)
            for stream in await ask(lambda _: orphan.streams(streams)):
                last = 0
                while last != DONE:
                    last = await ask(partial(orphan.give, stream=stream), grows=True)
                    await ask(partial(_forget, orphan, stream, last))
            await ask(orphan.finish)
        finally:
            await ask(lambda _: orphan.close())
        self._epochs = await ask(Store.epochs)
        _log.warning("what waited in the outbox %s, whose owner is gone, was taken over", folder)

    async def gaps(self) -> list[Gap]:
        """What was given up for want of room or of age and not announced yet, the oldest first; see `accept`."""
        return await self._writer.ask(Store.gaps)

    async def dead_letters(self) -> list[DeadLetter]:
        """Messages that a recipient refused for good, the newest last."""
        return await self._writer.ask(lambda store: dead.buried(store.db))

    async def retry(self, ids: Sequence[int]) -> int:
        """Let dead letters wait for their recipient again; how many of them could be."""
        ids = tuple(ids)
        return await self._writer.ask(lambda store: store.retry(ids), grows=True)

    async def waiting(self) -> dict[str, int]:
        """Messages that wait, by recipient; also for those that are not served now."""
        return await self._writer.ask(Store.depths)

    async def ended(self) -> None:
        """Return once the outbox is closed. Raises OutboxUnavailable where a bug ended it before."""
        await self._writer.ended()

    def _reported(self, report: Report) -> None:
        self.depth = report.depth
        for name, outlet in self._outlets.items():
            outlet.changed(report.depths[name], report.grown)
            self._observer.outbox_waiting(name, report.depths[name])
        for cls, count in report.dropped.items():
            _log.error("the outbox is full, or they are too old: %d messages of class %s were given up", count, cls)
            self._observer.outbox_dropped(cls, count)
            self.dropped.set()
        if report.commit_s:
            self._observer.fsync_seconds(report.commit_s)
        age = 0.0 if report.oldest_at is None else max(0.0, self._clock.now() - report.oldest_at)
        self._observer.outbox_state(report.depth, age, report.used_bytes)


def _forget(orphan: Orphan, stream: str, last: int, _: Store) -> None:
    orphan.forget(stream, last)


def _budget(folder: Path, wanted_bytes: int) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        budget = min(wanted_bytes, shutil.disk_usage(folder).total // 2)
    except OSError as error:
        raise OutboxUnavailable(f"cannot use the outbox folder {folder}: {error.strerror}") from error
    if budget < LEAST_BUDGET_BYTES:
        raise OutboxUnavailable(f"the outbox needs at least {LEAST_BUDGET_BYTES} bytes, {budget} are allowed")
    return budget
