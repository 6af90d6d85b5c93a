"""Messages that a recipient refused for good, kept for a person to look at and to send again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from uuid import UUID

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
    """All of them, the newest last."""
    rows = db.execute(
        "SELECT id, recipient, key, stream, topic, body, seq, term, reason, refused_at FROM dead_letter ORDER BY id"
    )
    return [DeadLetter(id_, recipient, UUID(bytes=key), *rest) for id_, recipient, key, *rest in rows]


def unbury(db: sqlite3.Connection, ids: Sequence[int], known: Collection[str]) -> list[tuple[str, Queued]]:
    """Take those that can be read out of the table, and whose recipient is known: each with its recipient."""
    taken = []
    for id_ in ids:
        row = db.execute(
            "SELECT recipient, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, refused_at"
            " FROM dead_letter WHERE id = ? AND reason != 'unreadable'",
            (id_,),
        ).fetchone()
        if row is not None and row[0] in known:
            taken.append((str(row[0]), _queued(id_, row[1:])))
            db.execute("DELETE FROM dead_letter WHERE id = ?", (id_,))
    return taken


def _queued(id_: int, row: tuple[bytes, str, str, str, str, float, float | None, str, int, int, float]) -> Queued:
    key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, refused_at = row
    message = Message(
        stream, cls, UUID(bytes=key), topic, json.loads(body), captured_at, expires_s, json.loads(properties), seq, term
    )
    return Queued(id_, message, refused_at)
