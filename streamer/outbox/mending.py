"""Rows that nobody could have stored, as damage leaves them where SQLite sees none: they go before they are read."""

from __future__ import annotations

import logging
import sqlite3

_log = logging.getLogger(__name__)

EARLIEST, LATEST = -86_400, 253_402_300_800
"""Unix seconds: a machine without a clock begins at 0; the year 10000 is in no calendar here."""
_AT = f"BETWEEN {EARLIEST} AND {LATEST}"


def _is_not(kind: str, *columns: str) -> str:
    """SQLite lets any value stand in any column; `typeof` tells."""
    return " OR ".join(f"typeof({column}) <> '{kind}'" for column in columns)


def _no_id(column: str) -> str:
    return f"{_is_not('blob', column)} OR length({column}) <> 16"


_ACTOR = (
    "CASE WHEN typeof(actor) = 'text' AND json_valid(actor)"
    " THEN json_type(actor) <> 'array' OR json_array_length(actor) <> 5 ELSE actor IS NOT NULL END"
)
MOST_ID = 1 << 53
"""At a million messages a second, three centuries."""
UNFIT = {
    "message": (f"id > {MOST_ID}",),
    "sqlite_sequence": (f"seq > {MOST_ID}",),
    "counter": (
        _is_not("text", "name"),
        _is_not("integer", "value"),
        f"(value NOT {_AT} AND (name = 'term' OR name LIKE 'epoch/%'))",
    ),
    "gap": (
        _is_not("text", "stream", "cls", "reason", "recipients"),
        _is_not("integer", "term", "first", "last", "count"),
        _is_not("real", "at"),
        f"at NOT {_AT}",
    ),
    "open_action": (
        _no_id("action_id"),
        _is_not("text", "stream", "watch", "action"),
        _is_not("integer", "epoch"),
        _is_not("real", "started_at", "score"),
        f"started_at NOT {_AT}",
        _ACTOR,
    ),
    "open_cycle": (
        _no_id("cycle_id"),
        _is_not("text", "stream", "watch", "procedure"),
        _is_not("real", "started_at"),
        f"started_at NOT {_AT}",
        "typeof(takt_s) NOT IN ('real', 'null')",
        "typeof(unit_id) NOT IN ('text', 'null') OR typeof(work_order) NOT IN ('text', 'null')",
    ),
}
"""By table, which rows are none. One of them would end the service at every start."""


def mend(connection: sqlite3.Connection) -> None:
    """Take such rows out."""
    for table, unfit in UNFIT.items():
        gone = connection.execute(f"DELETE FROM {table} WHERE {' OR '.join(unfit)}").rowcount  # noqa: S608
        if gone:
            _log.error("the outbox is damaged: %d rows of its table %s are none, and were taken out", gone, table)
