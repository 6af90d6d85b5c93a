"""Messages that a recipient refused for good, kept for a person to look at and to send again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from streamer.outbox.mending import EARLIEST, LATEST
from streamer.outbox.rows import DeadLetter, Queued
from streamer.wire import Message

DEAD_LETTERS = 1000
"""The oldest go first."""


def bury(db: sqlite3.Connection, id_: int, recipient: str, reason: str, at: float) -> None:
    """Note a waiting message among the dead; it stays where it is."""
    db.execute(
        "INSERT INTO dead_letter(key, stream, topic, body, seq, term, reason, refused_at, recipient, cls, captured_at,"
        " expires_s, properties) SELECT key, stream, topic, body, seq, term, ?, ?, ?, cls, captured_at, expires_s,"
        " properties FROM message WHERE id = ?",
        (reason, at, recipient, id_),
    )
    db.execute(
        "DELETE FROM dead_letter WHERE id <= (SELECT id FROM dead_letter ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (DEAD_LETTERS,),
    )


def buried(db: sqlite3.Connection) -> list[DeadLetter]:
    """All that can be read, the newest last."""
    rows = db.execute(
        "SELECT id, recipient, key, stream, topic, body, seq, term, reason, refused_at FROM dead_letter ORDER BY id"
    )
    return [letter for row in rows if (letter := _letter(row)) is not None]


def _letter(row: Sequence[Any]) -> DeadLetter | None:
    """None where the row is damaged."""
    id_, recipient, key, *said = row
    try:
        _moment(said[-1])
        return DeadLetter(id_, recipient, UUID(bytes=key), *said)
    except (ValueError, TypeError):
        return None


def _moment(at: float) -> float:
    """Raises ValueError where these are no Unix seconds."""
    if not (isinstance(at, int | float) and EARLIEST <= at < LATEST):
        raise ValueError("no time is there")
    return at


def unbury(db: sqlite3.Connection, ids: Sequence[int], known: Collection[str]) -> list[tuple[str, Queued]]:
    """Take those that can be read out of the table, and whose recipient is known: each with its recipient."""
    taken = []
    for id_ in ids:
        row = db.execute(
            "SELECT recipient, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, refused_at"
            " FROM dead_letter WHERE id = ? AND reason != 'unreadable'",
            (id_,),
        ).fetchone()
        queued = None if row is None or row[0] not in known else _queued(id_, row[1:])
        if queued is not None:
            taken.append((str(row[0]), queued))
            db.execute("DELETE FROM dead_letter WHERE id = ?", (id_,))
    return taken


def _queued(
    id_: int, row: tuple[bytes, str, str, str, str, float, float | None, str, int, int, float]
) -> Queued | None:
    """None where the row is damaged."""
    key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, refused_at = row
    try:
        said, beside = json.loads(body), json.loads(properties)
        if not (isinstance(said, dict) and isinstance(beside, dict)):
            return None
        message = Message(stream, cls, UUID(bytes=key), topic, said, _moment(captured_at), expires_s, beside, seq, term)
        return Queued(id_, message, _moment(refused_at))
    except (ValueError, TypeError, RecursionError):
        return None
