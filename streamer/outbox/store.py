"""What the outbox keeps on disk: tables and statements. Called by one thread only, inside its transactions."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from streamer.event import Actor, OpenAction, OpenCycle
from streamer.wire import Message

LEVELS = {"telemetry": 0, "zone": 1, "action": 2, "safety": 3}
"""Under a full budget the lowest class goes first; a class not named here counts as `action`."""
WINDOW = 100
"""Delivery has at most so many on the way, the oldest: only they may have been sent though they still wait."""
DEAD_LETTERS = 1000
"""Refused messages kept for a person to look at; the oldest go first."""
PAGE_BYTES = 4096
EPOCH = "epoch/"
"""Before a stream's name: the counter of its epochs."""

TABLES = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, stream TEXT NOT NULL, cls TEXT NOT NULL,
    level INTEGER NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL, captured_at REAL NOT NULL, expires_s REAL,
    properties TEXT NOT NULL, seq INTEGER NOT NULL, term INTEGER NOT NULL, accepted_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, stream TEXT NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    seq INTEGER NOT NULL, term INTEGER NOT NULL, reason TEXT NOT NULL, refused_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS open_action (
    action_id BLOB PRIMARY KEY, stream TEXT NOT NULL, watch TEXT NOT NULL, epoch INTEGER NOT NULL,
    action TEXT NOT NULL, started_at REAL NOT NULL, score REAL NOT NULL, actor TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS open_cycle (
    cycle_id BLOB PRIMARY KEY, stream TEXT NOT NULL, watch TEXT NOT NULL, procedure TEXT NOT NULL,
    started_at REAL NOT NULL, takt_s REAL, unit_id TEXT, work_order TEXT) WITHOUT ROWID;
"""
DROPPABLE = """
WITH told AS (
    SELECT id, cls, level,
        CASE WHEN json_valid(body) THEN json_extract(body, '$.phase') END AS phase,
        coalesce(CASE WHEN json_valid(body)
            THEN coalesce(json_extract(body, '$.action_id'), json_extract(body, '$.cycle_id')) END, id) AS subject
    FROM message),
open AS (
    SELECT lower(hex(action_id)) FROM open_action UNION ALL SELECT lower(hex(cycle_id)) FROM open_cycle),
gone AS (
    SELECT subject FROM told
    WHERE id > (SELECT coalesce(max(id), 0) FROM (SELECT id FROM message ORDER BY id LIMIT :window))
        AND (phase IS 'started' OR subject = id) AND replace(subject, '-', '') NOT IN open
    ORDER BY level, id LIMIT :count)
SELECT id, cls FROM told WHERE subject IN gone
"""
"""Messages of the oldest subjects: an action, a unit's work, or a message that is about none."""
_COLUMNS = "id, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, accepted_at"


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that waits for delivery."""

    id: int
    """Grows with acceptance."""
    message: Message
    accepted_at: float
    """Unix seconds."""


def connect(file: Path, budget_bytes: int) -> sqlite3.Connection:
    """Open or create the database, durable and within its budget.

    Raises:
        sqlite3.DatabaseError: the file is damaged, or (OperationalError) the disk does not take it.
    """
    connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    try:
        for pragma in (
            f"page_size = {PAGE_BYTES}",
            "auto_vacuum = INCREMENTAL",
            "journal_mode = WAL",
            "synchronous = FULL",
            "wal_autocheckpoint = 256",
            "journal_size_limit = 1048576",
            f"max_page_count = {budget_bytes // PAGE_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(found)
        connection.executescript(TABLES)
        _keep_up(connection)
    except BaseException:
        connection.close()
        raise
    return connection


class Store:
    """The statements of the outbox. `term` is this ownership of the folder: higher than any before it."""

    def __init__(self, connection: sqlite3.Connection, at_least: int) -> None:
        """The term is one more than the last one stored, and at least `at_least`."""
        self._db = connection
        self._seqs: dict[str, int] = {}
        self.depth: int = connection.execute("SELECT count(*) FROM message").fetchone()[0]
        self._before = (self.depth, self._seqs.copy())
        self.begin()
        self.term = max(self._counters().get("term", 0) + 1, at_least)
        self._keep_counter("term", self.term)
        self.commit()

    def begin(self) -> None:
        self._before = (self.depth, self._seqs.copy())
        self._db.execute("BEGIN")

    def commit(self) -> None:
        fail_point("outbox.before_commit")
        self._db.execute("COMMIT")
        fail_point("outbox.after_commit")

    def rollback(self) -> None:
        self.depth, self._seqs = self._before
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def accept(
        self,
        messages: Sequence[Message],
        opened: Sequence[OpenAction | OpenCycle],
        closed: Sequence[UUID],
        at: float,
    ) -> list[Message]:
        """Keep messages and note what is open. A message whose key is kept already is not kept twice."""
        kept = [self._keep(message, at) for message in messages]
        for one in opened:
            table, row = _open_row(one)
            self._db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608
        for table in ("action", "cycle"):
            self._db.executemany(
                f"DELETE FROM open_{table} WHERE {table}_id = ?",  # noqa: S608
                [(one.bytes,) for one in closed],
            )
        return kept

    def _keep(self, message: Message, at: float) -> Message:
        numbered = replace(message, seq=self._seqs.get(message.stream, 0) + 1, term=self.term)
        stored = self._db.execute(
            "INSERT INTO message(key, stream, cls, level, topic, body, captured_at, expires_s, properties, seq, term,"
            " accepted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING",
            (
                message.key.bytes, message.stream, message.cls, LEVELS.get(message.cls, LEVELS["action"]),
                message.topic, json.dumps(message.body, separators=(",", ":")), message.captured_at,
                message.expires_s, json.dumps(message.properties), numbered.seq, numbered.term, at,
            ),
        )  # fmt: skip
        if stored.rowcount:
            self._seqs[message.stream] = numbered.seq
            self.depth += 1
            return numbered
        seq, term = self._db.execute("SELECT seq, term FROM message WHERE key = ?", (message.key.bytes,)).fetchone()
        return replace(message, seq=seq, term=term)

    def pending(self, after: int, limit: int) -> list[Queued]:
        """The oldest messages with an id above `after`, in order of acceptance."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM message WHERE id > ? ORDER BY id LIMIT ?",  # noqa: S608
            (after, limit),
        ).fetchall()
        return [queued for row in rows if (queued := self._readable(row)) is not None]

    def _readable(self, row: tuple[Any, ...]) -> Queued | None:
        """None, and set aside, where a row is damaged in a way that SQLite does not see."""
        try:
            return _queued(row)
        except (ValueError, TypeError):
            self.dead_letter(row[0], "unreadable", row[-1])
            return None

    def delivered(self, ids: Sequence[int]) -> None:
        for one in ids:
            self.depth -= self._db.execute("DELETE FROM message WHERE id = ?", (one,)).rowcount

    def dead_letter(self, id_: int, reason: str, at: float) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO dead_letter"
            " SELECT id, key, stream, topic, body, seq, term, ?, ? FROM message WHERE id = ?",
            (reason, at, id_),
        )
        self._db.execute(
            "DELETE FROM dead_letter WHERE id <= (SELECT id FROM dead_letter ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (DEAD_LETTERS,),
        )
        self.delivered([id_])

    def drop_oldest(self, share: float = 0.05, window: int = WINDOW) -> dict[str, int]:
        """Make room: the oldest of the lowest class go, a share of all; returns how many of each class went.

        An action goes with all its messages or not at all: not one that is open, nor one whose start is among the
        `window` that may have been sent.
        """
        count = max(1, int(self.depth * share))
        gone = self._db.execute(DROPPABLE, {"window": window, "count": count}).fetchall()
        self.delivered([id_ for id_, _ in gone])
        classes = [cls for _, cls in gone]
        return {cls: classes.count(cls) for cls in set(classes)}

    def epochs(self) -> dict[str, int]:
        """The last epoch of each stream."""
        kept = self._counters().items()
        return {name.removeprefix(EPOCH): value for name, value in kept if name.startswith(EPOCH)}

    def keep_epoch(self, stream: str, epoch: int) -> None:
        self._keep_counter(EPOCH + stream, epoch)

    def _counters(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, value FROM counter").fetchall())

    def _keep_counter(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, value))

    def open_actions(self) -> list[OpenAction]:
        rows = self._db.execute("SELECT * FROM open_action ORDER BY stream, started_at")
        return [_open_action(row) for row in rows]

    def open_cycles(self) -> list[OpenCycle]:
        rows = self._db.execute("SELECT * FROM open_cycle ORDER BY stream, started_at")
        return [OpenCycle(UUID(bytes=id_), *rest) for id_, *rest in rows]

    def oldest(self) -> float | None:
        """Unix seconds at which the oldest waiting message was accepted."""
        row = self._db.execute("SELECT accepted_at FROM message ORDER BY id LIMIT 1").fetchone()
        return None if row is None else float(row[0])

    def used_bytes(self) -> int:
        pages, free = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        return int(pages - free) * PAGE_BYTES

    def shrink(self) -> None:
        """Give what was deleted back to the disk."""
        self._db.execute("PRAGMA incremental_vacuum").fetchall()
        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self._db.close()


def salvage(damaged: Path, into: sqlite3.Connection) -> int:
    """Copy what can still be read of a damaged database, from both ends; returns how many rows that were."""
    columns = {"message": 13, "open_action": 8, "open_cycle": 8}
    before = into.total_changes
    with contextlib.closing(sqlite3.connect(damaged)) as old:
        for table, count in columns.items():
            for order in ("ASC", "DESC"):
                with contextlib.suppress(sqlite3.DatabaseError):
                    for row in old.execute(f"SELECT * FROM {table} ORDER BY 1 {order}"):  # noqa: S608
                        whole = (*row, *[None] * (count - len(row)))  # an older file has fewer columns
                        into.execute(f"INSERT OR IGNORE INTO {table} VALUES ({'?, ' * (count - 1)}?)", whole)  # noqa: S608
    return into.total_changes - before


def _keep_up(connection: sqlite3.Connection) -> None:
    """Give a file of an older version the columns that came later."""
    if "actor" not in [row[1] for row in connection.execute("PRAGMA table_info(open_action)")]:
        connection.execute("ALTER TABLE open_action ADD COLUMN actor TEXT")


def _open_row(one: OpenAction | OpenCycle) -> tuple[str, tuple[Any, ...]]:
    """Table and values."""
    if isinstance(one, OpenAction):
        action = (one.epoch, one.action, one.started_at, one.score, _actor_text(one.actor))
        return "open_action", (one.action_id.bytes, one.stream, one.watch, *action)
    cycle = (one.procedure, one.started_at, one.takt_s, one.unit_id, one.work_order)
    return "open_cycle", (one.cycle_id.bytes, one.stream, one.watch, *cycle)


def _open_action(row: tuple[Any, ...]) -> OpenAction:
    id_, stream, watch, epoch, action, started_at, score, actor = row
    return OpenAction(UUID(bytes=id_), stream, watch, epoch, action, started_at, score, _actor(actor))


def _actor_text(actor: Actor | None) -> str | None:
    return None if actor is None else json.dumps([actor.id, *actor.box])


def _actor(text: str | None) -> Actor | None:
    if text is None:
        return None
    one, left, top, right, bottom = json.loads(text)
    return Actor(one, (left, top, right, bottom))


def _queued(row: tuple[Any, ...]) -> Queued:
    id_, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, accepted_at = row
    message = Message(
        stream=stream,
        cls=cls,
        key=UUID(bytes=key),
        topic=topic,
        body=json.loads(body),
        captured_at=captured_at,
        expires_s=expires_s,
        properties=json.loads(properties),
        seq=seq,
        term=term,
    )
    return Queued(id_, message, accepted_at)


def fail_point(name: str) -> None:
    """Die here, as by kill -9, where a test asks for it through TAKT_FAILPOINT."""
    if os.environ.get("TAKT_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
