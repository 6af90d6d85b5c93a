"""The outbox's file: its tables, how it is opened, what is saved of a damaged one."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from streamer.outbox.mending import mend

PAGE_BYTES = 4096
QUICK_CHECK_BYTES = 256 << 20
"""Larger files are not read as a whole before work begins: damage is found, and healed, where it is met."""

TABLES = """
CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recipient (bit INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key BLOB NOT NULL UNIQUE, stream TEXT NOT NULL, cls TEXT NOT NULL,
    level INTEGER NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL, captured_at REAL NOT NULL, expires_s REAL,
    properties TEXT NOT NULL, seq INTEGER NOT NULL, term INTEGER NOT NULL, accepted_at REAL NOT NULL,
    wanted INTEGER NOT NULL DEFAULT 1, waiting INTEGER NOT NULL DEFAULT 1, taken_at REAL,
    replayed INTEGER NOT NULL DEFAULT 0, checksum INTEGER, subject TEXT, phase TEXT);
CREATE TABLE IF NOT EXISTS dead_letter (
    id INTEGER PRIMARY KEY, key BLOB NOT NULL, stream TEXT NOT NULL, topic TEXT NOT NULL, body TEXT NOT NULL,
    seq INTEGER NOT NULL, term INTEGER NOT NULL, reason TEXT NOT NULL, refused_at REAL NOT NULL,
    recipient TEXT NOT NULL DEFAULT 'main', cls TEXT NOT NULL DEFAULT 'action', captured_at REAL NOT NULL DEFAULT 0,
    expires_s REAL, properties TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS gap (
    id INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, cls TEXT NOT NULL, term INTEGER NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, count INTEGER NOT NULL, reason TEXT NOT NULL,
    recipients TEXT NOT NULL, at REAL NOT NULL, UNIQUE (stream, cls, term, reason, recipients));
CREATE TABLE IF NOT EXISTS open_action (
    action_id BLOB PRIMARY KEY, stream TEXT NOT NULL, watch TEXT NOT NULL, epoch INTEGER NOT NULL,
    action TEXT NOT NULL, started_at REAL NOT NULL, score REAL NOT NULL, actor TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS open_cycle (
    cycle_id BLOB PRIMARY KEY, stream TEXT NOT NULL, watch TEXT NOT NULL, procedure TEXT NOT NULL,
    started_at REAL NOT NULL, takt_s REAL, unit_id TEXT, work_order TEXT) WITHOUT ROWID;
"""
INDEXES = """
CREATE INDEX IF NOT EXISTS taken ON message(taken_at) WHERE waiting = 0;
CREATE INDEX IF NOT EXISTS low ON message(level, id) WHERE level <> 2;
"""
"""Of messages that are kept only to be sent again, and of classes that are rare: most messages cost nothing."""
ADDED = {
    "open_action": ("actor TEXT",),
    "message": (
        "wanted INTEGER NOT NULL DEFAULT 1", "waiting INTEGER NOT NULL DEFAULT 1", "taken_at REAL",
        "replayed INTEGER NOT NULL DEFAULT 0", "checksum INTEGER", "subject TEXT", "phase TEXT",
    ),
    "dead_letter": (
        "recipient TEXT NOT NULL DEFAULT 'main'", "cls TEXT NOT NULL DEFAULT 'action'",
        "captured_at REAL NOT NULL DEFAULT 0", "expires_s REAL", "properties TEXT NOT NULL DEFAULT '{}'",
    ),
}  # fmt: skip
"""Columns that came later, by table."""
SUBJECTS = """
UPDATE message SET phase = json_extract(body, '$.phase'),
    subject = replace(coalesce(json_extract(body, '$.action_id'), json_extract(body, '$.cycle_id')), '-', '')
WHERE json_valid(body)
"""


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
        if connection.execute("PRAGMA page_count").fetchone()[0] * PAGE_BYTES <= QUICK_CHECK_BYTES:
            _check(connection)
        connection.executescript(TABLES)
        _keep_up(connection)
        connection.executescript(INDEXES)
        mend(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise sqlite3.DatabaseError(found)


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _keep_up(connection: sqlite3.Connection) -> None:
    """Give a file of an older version the columns that came later."""
    for table, added in ADDED.items():
        known = columns(connection, table)
        missing = [column for column in added if column.split()[0] not in known]
        for column in missing:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
        if table == "message" and missing:
            connection.execute(SUBJECTS)


def salvage(damaged: Path, into: sqlite3.Connection) -> int:
    """Copy what can still be read of a damaged database, from both ends; returns how many rows that were."""
    with contextlib.closing(sqlite3.connect(damaged)) as old:
        with contextlib.suppress(sqlite3.DatabaseError):
            # A file that was cut off is not looked into otherwise.
            old.execute("PRAGMA writable_schema = ON")
        _copy(old, into, "recipient")
        before = into.total_changes
        for table in ("message", "open_action", "open_cycle", "dead_letter", "gap"):
            _copy(old, into, table)
    return into.total_changes - before


def _copy(old: sqlite3.Connection, into: sqlite3.Connection, table: str) -> None:
    try:
        known = columns(old, table)
    except sqlite3.DatabaseError:
        return
    shared = [column for column in columns(into, table) if column in known]
    names, places = ", ".join(shared), ", ".join("?" * len(shared))
    for order in ("ASC", "DESC"):
        with contextlib.suppress(sqlite3.DatabaseError):
            for row in old.execute(f"SELECT {names} FROM {table} ORDER BY 1 {order}"):  # noqa: S608
                into.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})", row)  # noqa: S608
