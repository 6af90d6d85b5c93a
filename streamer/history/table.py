"""The history's file: its table and statements. Called by one thread only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TABLES = """
CREATE TABLE IF NOT EXISTS event (
    number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, at REAL NOT NULL, type TEXT NOT NULL, stream TEXT NOT NULL,
    watch TEXT NOT NULL, action TEXT NOT NULL, cycle TEXT NOT NULL, body TEXT NOT NULL, kept_at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS of_type ON event(type, number);
CREATE INDEX IF NOT EXISTS of_cycle ON event(cycle) WHERE cycle <> '';
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
"""
_PRIVATE = 0o600
"""What people did is nobody else's to read."""
_ENTRY = "number, at, type, stream, watch, action, cycle, body"


@dataclass(frozen=True, slots=True)
class Entry:
    """An event as it is remembered."""

    number: int
    """Grows with every event, over restarts too; with holes."""
    at: float
    """Unix seconds at which it happened."""
    type: str
    """action, step, cycle or gap."""
    stream: str
    watch: str
    action: str
    """Of an action its label, of a step its name."""
    cycle: str
    """The id of the unit's work that it belongs to, if any."""
    body: str
    """JSON, as it was published."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; None or nothing: whichever."""

    types: frozenset[str] = frozenset()
    stream: str | None = None
    watch: str | None = None
    action: str | None = None
    since: float | None = None
    """Unix seconds, as `until`: of when it happened."""
    until: float | None = None

    def takes(self, entry: Entry) -> bool:
        return (
            (not self.types or entry.type in self.types)
            and self.stream in (None, entry.stream)
            and self.watch in (None, entry.watch)
            and self.action in (None, entry.action)
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
        )


class Table:
    """Statements over the file."""

    def __init__(self, file: Path) -> None:
        """Raises sqlite3.Error where it cannot be opened."""
        with suppress(OSError):  # what is wrong with the disk SQLite says itself
            file.touch(_PRIVATE)
        self._db = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        try:
            # It may lose its last moments with the power, and nothing before them: it is no outbox.
            for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "journal_size_limit = 1048576"):
                self._db.execute(f"PRAGMA {pragma}")
            self._db.executescript(TABLES)
            newest = "SELECT coalesce(max(number), 0), count(*) FROM event"
            self._newest, self._count = self._db.execute(newest).fetchone()
        except BaseException:
            self._db.close()
            raise

    @property
    def newest(self) -> int:
        return int(self._newest)

    @property
    def forgotten(self) -> int:
        """Numbers up to this one are kept no more."""
        found = self._db.execute("SELECT value FROM counter WHERE name = 'forgotten'").fetchone()
        return 0 if found is None else int(found[0])

    def forget_before(self, number: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO counter VALUES ('forgotten', ?)", (number,))

    def keep(self, rows: Sequence[tuple[bytes, Entry]], at: float, most: int, keep_s: float) -> None:
        """Add entries with their keys, each key once. Of more than `most`, and of what was added longer than `keep_s`
        ago, the oldest go. All or nothing. `at`: Unix seconds."""
        self._db.execute("BEGIN")
        try:
            insert = f"INSERT OR IGNORE INTO event ({_ENTRY}, key, kept_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
            values = [(one.number, one.at, one.type, one.stream, one.watch, one.action, one.cycle, one.body, key, at)
                      for key, one in rows]  # fmt: skip
            added = self._db.executemany(insert, values).rowcount
            gone = self._trim(self._count + added - most, at - keep_s)
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._count += added - gone

    def _trim(self, over: int, since: float) -> int:
        """How many went. By when they were added, not by what they say: that may be any time."""
        last = "SELECT coalesce(max(number), 0) FROM (SELECT number FROM event ORDER BY number LIMIT ?)"
        (up_to,) = self._db.execute(last, (max(0, over),)).fetchone()
        oldest = self._db.execute("SELECT kept_at FROM event ORDER BY number LIMIT 1").fetchone()
        if oldest is not None and oldest[0] < since:
            (old,) = self._db.execute("SELECT max(number) FROM event WHERE kept_at < ?", (since,)).fetchone()
            up_to = max(up_to, old)
        if not up_to:
            return 0
        self.forget_before(up_to)
        return self._db.execute("DELETE FROM event WHERE number <= ?", (up_to,)).rowcount

    def page(self, wanted: Wanted, before: int | None, limit: int) -> list[Entry]:
        """The newest, with a number below `before` where it is given, the newest first."""
        return self._select(wanted, "number < ?", before, f"ORDER BY number DESC LIMIT {limit:d}")

    def after(self, wanted: Wanted, number: int, limit: int) -> list[Entry]:
        """The first with a higher number, in order."""
        return self._select(wanted, "number > ?", number, f"ORDER BY number LIMIT {limit:d}")

    def cycles(self, wanted: Wanted, limit: int) -> list[Entry]:
        """All that is kept of the units whose work was spoken of last, in order."""
        where, values = _where(wanted)
        newest = f"SELECT cycle FROM event {where} GROUP BY cycle ORDER BY max(number) DESC LIMIT {limit:d}"  # noqa: S608
        rows = self._db.execute(f"SELECT {_ENTRY} FROM event WHERE cycle IN ({newest}) ORDER BY number", values)  # noqa: S608
        return [Entry(*row) for row in rows]

    def _select(self, wanted: Wanted, bound: str, number: int | None, order: str) -> list[Entry]:
        where, values = _where(wanted)
        if number is not None:
            where = f"{where} AND {bound}" if where else f"WHERE {bound}"
            values.append(number)
        rows = self._db.execute(f"SELECT {_ENTRY} FROM event {where} {order}", values)  # noqa: S608
        return [Entry(*row) for row in rows]

    def close(self) -> None:
        self._db.close()


def _where(wanted: Wanted) -> tuple[str, list[object]]:
    """A clause of fixed words, and its values."""
    parts: list[str] = []
    values: list[object] = []
    if wanted.types:
        parts.append(f"type IN ({', '.join('?' * len(wanted.types))})")
        values += sorted(wanted.types)
    for column, value in (("stream = ?", wanted.stream), ("watch = ?", wanted.watch), ("action = ?", wanted.action),
                          ("at >= ?", wanted.since), ("at < ?", wanted.until)):  # fmt: skip
        if value is not None:
            parts.append(column)
            values.append(value)
    return (f"WHERE {' AND '.join(parts)}" if parts else "", values)
