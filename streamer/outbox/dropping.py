"""What is given up when there is no room, or when it is too old, and what is noted of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streamer.outbox.rows import LEVELS, Gap

GAPS = 1000
"""Spans that nobody has announced yet; the oldest go first."""

CHOSEN = """
WITH held AS (SELECT lower(hex(action_id)) FROM open_action UNION ALL SELECT lower(hex(cycle_id)) FROM open_cycle),
span AS MATERIALIZED (
    SELECT id, subject, phase, waiting, wanted, replayed, accepted_at FROM message
    WHERE {of} ORDER BY id LIMIT :span),
chosen AS (
    SELECT coalesce(subject, id) AS one FROM span GROUP BY one
    HAVING max(waiting) > 0 AND sum(phase IS 'started' OR subject IS NULL) > 0 AND max(accepted_at) < :before
        AND (:whole OR subject IS NULL OR sum(phase IN ('ended', 'completed', 'abandoned')) > 0)
        AND one NOT IN held{rules}
    ORDER BY min(id) LIMIT :count)
SELECT id, stream, cls, term, seq, waiting, waiting & ~replayed FROM message
WHERE id IN (SELECT id FROM span WHERE coalesce(subject, id) IN chosen) ORDER BY id
"""
"""Messages of the oldest subjects of a class: an action, a unit's work, or a message that is about none. Of a file that
is large only the oldest part is looked at, and in it at what has its end there too."""
RULE = """
        AND sum(waiting & {bit} > 0 AND id <= {sent}) = 0
        AND sum(waiting & ~replayed & {bit} > 0) IN (0, sum(wanted & {bit} > 0))"""
"""An action or unit goes with all its messages or not at all: not one that is open, nor one of which a recipient has or
may have one message and still waits for another."""
LEAST_SPAN = 20_000
EVERYTHING = 1 << 40
FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Given:
    """A row that was given up."""

    id: int
    stream: str
    cls: str
    term: int
    seq: int
    waiting: int
    """Bits of those it waited for."""
    missing: int
    """Bits of those who never got it."""


def give_up(db: sqlite3.Connection, sent: Mapping[int, int], count: int, before: float = FOREVER) -> list[Given]:
    """Delete the oldest of the lowest class, those accepted before a time; at most `count` subjects.

    `sent`: by recipient's bit, up to which id it may have those that wait for it.
    """
    rules = "".join(RULE.format(bit=bit, sent=id_) for bit, id_ in sent.items())
    given = _chosen(db, rules, max(LEAST_SPAN, 4 * count), count, before)
    if not given and before == FOREVER:
        # Nothing of the oldest has its end near by: what is seldom is slow.
        given = _chosen(db, rules, EVERYTHING, count, before)
    db.executemany("DELETE FROM message WHERE id = ?", [(one.id,) for one in given])
    return given


def _chosen(db: sqlite3.Connection, rules: str, span: int, count: int, before: float) -> list[Given]:
    given: list[Given] = []
    for level in sorted(LEVELS.values()):
        # In these words SQLite finds the index of the rare ones.
        of = f"level = {level}" + ("" if level == LEVELS["action"] else f" AND level <> {LEVELS['action']}")
        found = db.execute(f"SELECT count(*) FROM (SELECT 1 FROM message WHERE {of} LIMIT ?)", (span + 1,))  # noqa: S608
        asked = {"span": span, "whole": found.fetchone()[0] <= span, "count": count - len(given), "before": before}
        given += [Given(*row) for row in db.execute(CHOSEN.format(rules=rules, of=of), asked)]
        if len(given) >= count:
            break
    return given


def give_up_kept(db: sqlite3.Connection, count: int) -> int:
    """Delete what everybody has and what is only kept to be sent again; returns how many messages that were."""
    chosen = "SELECT id FROM message WHERE waiting = 0 ORDER BY taken_at LIMIT ?"
    return db.execute(f"DELETE FROM message WHERE id IN ({chosen})", (count,)).rowcount  # noqa: S608


def note(db: sqlite3.Connection, given: Sequence[Given], reason: str, names: Mapping[int, str], at: float) -> None:
    """Remember a loss until somebody has announced it."""
    spans: dict[tuple[str, str, int, int], list[int]] = {}
    for one in given:
        spans.setdefault((one.stream, one.cls, one.term, one.missing), []).append(one.seq)
    for (stream, cls, term, bits), seqs in spans.items():
        missing = ",".join(name for bit, name in names.items() if bits & bit)
        db.execute(
            "INSERT INTO gap(stream, cls, term, first, last, count, reason, recipients, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(stream, cls, term, reason, recipients) DO UPDATE"
            " SET first = min(first, excluded.first), last = max(last, excluded.last),"
            " count = count + excluded.count, at = excluded.at",
            (stream, cls, term, min(seqs), max(seqs), len(seqs), reason, missing, at),
        )
    db.execute("DELETE FROM gap WHERE id <= (SELECT id FROM gap ORDER BY id DESC LIMIT 1 OFFSET ?)", (GAPS,))


def noted(db: sqlite3.Connection) -> list[Gap]:
    rows = db.execute(
        "SELECT id, stream, cls, term, first, last, count, reason, recipients, at FROM gap ORDER BY id LIMIT ?", (GAPS,)
    )
    return [_gap(row) for row in rows]


def _gap(row: tuple[Any, ...]) -> Gap:
    id_, stream, cls, term, first, last, count, reason, recipients, at = row
    return Gap(id_, stream, cls, term, first, last, count, reason, tuple(recipients.split(",")), at)


def told(db: sqlite3.Connection, gaps: tuple[Gap, ...]) -> None:
    """Forget what was announced; what came on top of it since then is another gap."""
    for gap in gaps:
        db.execute("DELETE FROM gap WHERE id = ? AND count = ?", (gap.id, gap.count))
