"""The history as the loop sees it."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.history.table import Entry, Table, Wanted
from streamer.wire import Message, envelope

_log = logging.getLogger(__name__)
T = TypeVar("T")

WAITING = 10_000
"""Entries on their way to the disk; of more, the oldest are not kept."""
ASKING = 32
"""Questions at a time."""
_AGAIN_S = 60.0
"""A disk that takes nothing is told of as rarely."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept."""

    events: int = 100_000
    days: float = 31.0


class History:
    """Remembers what was published. `keep` costs the loop a little; a thread of its own writes and reads.

    No event waits for it: what the disk does not take is not remembered, and said in the log.
    """

    def __init__(self, file: Path, limits: Limits, clock: Clock) -> None:
        self._file, self._limits, self._clock = file, limits, clock
        self._thread = ThreadPoolExecutor(1, "history")
        self._waiting: deque[tuple[bytes, Entry]] = deque(maxlen=WAITING)
        self._writing = False
        self._asking = 0
        self._table: Table | None = None
        self._told_s = float("-inf")
        self._lost = 0
        """The number of the newest entry that was not kept though it should have been."""
        self.newest = 0
        """The number of the newest entry."""

    @classmethod
    @asynccontextmanager
    async def open(cls, file: Path, limits: Limits, clock: Clock) -> AsyncIterator[History]:
        """The history in a file, made where absent; a damaged one is thrown away, and one that the disk does not take
        remembers nothing."""
        history = cls(file, limits, clock)
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(history._thread, history._begin)
        try:
            yield history
        finally:
            await loop.run_in_executor(history._thread, history._end)
            history._thread.shutdown(wait=False)

    def keep(self, messages: Sequence[Message]) -> list[Entry]:
        """Remember messages as they are published; how they are remembered."""
        entries = []
        for message in messages:
            self.newest += 1
            entries.append(entry_of(message, self.newest))
            if len(self._waiting) == WAITING:
                self._lost = max(self._lost, self._waiting[0][1].number)
            self._waiting.append((message.key.bytes, entries[-1]))
        if entries and not self._writing:
            self._writing = True
            self._thread.submit(self._write)
        return entries

    async def page(self, wanted: Wanted, before: int | None, limit: int) -> list[Entry]:
        """As `Table.page`. Raises NotNow: too many ask, or the disk does not answer."""
        return await self._ask(lambda table: table.page(wanted, before, limit))

    async def after(self, wanted: Wanted, number: int, limit: int) -> list[Entry]:
        """As `Table.after`, and raises as `page`."""
        return await self._ask(lambda table: table.after(wanted, number, limit))

    async def cycles(self, wanted: Wanted, limit: int) -> list[Entry]:
        """As `Table.cycles`, and raises as `page`."""
        return await self._ask(lambda table: table.cycles(wanted, limit))

    async def forgotten(self) -> int:
        """Of numbers up to this one, some are kept no more, or never were. Raises as `page`."""
        return max(await self._ask(lambda table: table.forgotten), self._lost)

    async def _ask(self, question: Callable[[Table], T]) -> T:
        if self._asking >= ASKING:
            raise NotNow("too many ask for events at a time; ask again in a moment")
        self._asking += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)
        finally:
            self._asking -= 1

    # From here on: in the thread.

    def _begin(self) -> None:
        try:
            self._table = self._open()
        except (sqlite3.Error, OSError) as error:
            return self._tell(error)
        # What a process that was killed had numbered and not written yet is never numbered again.
        self.newest = max(self._table.newest + WAITING, int(self._clock.now()) * 1000)
        if not self._table.newest:
            self._table.forget_before(self.newest)

    def _open(self) -> Table:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        try:
            return Table(self._file)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            _log.warning("the history %s is damaged (%s); a new one begins", self._file, error)
            for suffix in ("", "-wal", "-shm"):
                self._file.with_name(self._file.name + suffix).unlink(missing_ok=True)
            return Table(self._file)

    def _write(self) -> None:
        """All that waits, in one transaction."""
        self._writing = False
        rows = []
        with suppress(IndexError):
            while True:
                rows.append(self._waiting.popleft())
        if not rows or self._table is None:
            return
        try:
            self._table.keep(rows, self._clock.now(), self._limits.events, self._limits.days * 86_400)
        except sqlite3.Error as error:
            self._lost = max(self._lost, rows[-1][1].number)
            self._tell(error)

    def _answer(self, question: Callable[[Table], T]) -> T:
        self._write()
        try:
            if self._table is None:
                raise NotNow("the history cannot be read; see the log", 60)
            return question(self._table)
        except sqlite3.Error as error:
            self._tell(error)
            raise NotNow("the history cannot be read; see the log", 60) from error

    def _tell(self, error: Exception) -> None:
        if self._clock.monotonic() - self._told_s > _AGAIN_S:
            self._told_s = self._clock.monotonic()
            _log.error("the history %s: what happens is not remembered: %s", self._file, error)

    def _end(self) -> None:
        self._write()
        if self._table is not None:
            self._table.close()


def entry_of(message: Message, number: int) -> Entry:
    """A message as it is remembered: its body is what is published."""
    body = message.body
    told = str(body.get("at", ""))
    return Entry(
        number=number,
        at=datetime.fromisoformat(told).timestamp() if told else message.captured_at,
        type=str(body["type"]),
        stream=message.stream,
        watch=str(body.get("watch", "")),
        action=str(body.get("action", body.get("step", ""))),
        cycle=str(body.get("cycle_id", "")),
        body=envelope(message).decode(),
    )
