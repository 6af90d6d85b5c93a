"""What the outbox keeps on disk: its statements. Called by one thread only, inside its transactions."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from streamer.event import OpenAction, OpenCycle
from streamer.outbox import dead, dropping
from streamer.outbox.database import PAGE_BYTES
from streamer.outbox.dropping import Given
from streamer.outbox.rows import (
    COLUMNS,
    INSERT,
    MAIN,
    Gap,
    Queued,
    Recipient,
    message_row,
    open_action,
    open_cycle,
    open_row,
)
from streamer.outbox.rows import queued as queued_of
from streamer.wire import Message

WINDOW = 100
"""Delivery has at most so many on the way, the oldest: only they may have been sent though they still wait."""
EPOCH = "epoch/"
"""Before a stream's name: the counter of its epochs."""
SEQ = "seq/"
"""Before a stream's name: the counter of its messages in this term, where terms go on."""
GOES_ON = "goes_on"
"""The counter of the term that those are of."""
BITS = 62
MOST_DROPPED = 5000
"""At once: nothing else is done meanwhile."""
NOTHING_OLD_S = 600.0
"""When nothing of what is too old can be given up, so long it is not looked for again."""
_COLUMNS = ", ".join(COLUMNS)
NEWEST_ID = """
SELECT max(coalesce((SELECT max(id) FROM message), 0),
    coalesce((SELECT max(seq) FROM sqlite_sequence WHERE name = 'message' AND typeof(seq) = 'integer'), 0))
"""
"""No id is given twice, also where its message is gone."""


@dataclass(frozen=True, slots=True)
class Rules:
    """How long what is kept."""

    budget_bytes: int
    keep_s: float = float("inf")
    """Messages that wait longer are given up."""
    replay_s: float = 0.0
    """Messages stay so long after everybody had them, to be sent again; no room is made for them."""
    recipients: tuple[Recipient, ...] = (Recipient(MAIN),)
    goes_on: bool = False
    """Whether the last term goes on, and its numbers: somebody else gives terms (`Outbox.outrank`)."""


class Store:
    """The statements of the outbox. `term` is this ownership of the folder: higher than any before it."""

    def __init__(self, connection: sqlite3.Connection, at_least: int, rules: Rules) -> None:
        """The term is one more than the last one stored, and at least `at_least`; one that goes on is the last one."""
        self.db = connection
        self._rules = rules
        self._seqs: dict[str, int] = {}
        self._low: Counter[int] = Counter()
        """By recipient's bit: nothing up to this id waits for it."""
        self._masks: Counter[int] = Counter(
            dict(connection.execute("SELECT waiting, count(*) FROM message GROUP BY waiting").fetchall())
        )
        """Messages by who they wait for."""
        self._old_at = 0.0
        self._newest_id: int = connection.execute(NEWEST_ID).fetchone()[0]
        self.bits: dict[str, int] = {}
        self.term = 0
        self.begin()
        self._know([one.name for one in rules.recipients])
        if not self._go_on(at_least):
            self.new_term(at_least)
        self.commit()

    def new_term(self, at_least: int) -> None:
        """Numbers begin anew."""
        self.term = max(self.counters().get("term", 0) + 1, at_least)
        self._seqs = {}
        self.keep_counter("term", self.term)
        if self._rules.goes_on:
            self.db.execute("DELETE FROM counter WHERE name LIKE ?", (f"{SEQ}%",))
            self.keep_counter(GOES_ON, self.term)

    def _go_on(self, at_least: int) -> bool:
        """Count on where the last one stopped, if its numbers are known."""
        counters = self.counters()
        if not self._rules.goes_on or not at_least <= counters.get("term", 0) == counters.get(GOES_ON):
            return False
        self.term = counters["term"]
        self._seqs = {name.removeprefix(SEQ): seq for name, seq in counters.items() if name.startswith(SEQ)}
        return True

    def _know(self, names: Sequence[str]) -> None:
        """Give each recipient its bit; those of others who were known once stay theirs as long as something waits."""
        self.bits = {name: bit for bit, name in self.db.execute("SELECT bit, name FROM recipient")}
        waiting = 0
        for mask in self._masks:
            waiting |= mask
        for name in [name for name, bit in self.bits.items() if name not in names and not waiting & bit]:
            self.db.execute("DELETE FROM recipient WHERE name = ?", (name,))
            del self.bits[name]
        for name in names:
            self.bit(name)

    def bit(self, name: str) -> int:
        """Of a recipient, whether it is served or not."""
        if name not in self.bits:
            self.bits[name] = next(1 << n for n in range(BITS) if 1 << n not in self.bits.values())
            self.db.execute("INSERT OR REPLACE INTO recipient VALUES (?, ?)", (self.bits[name], name))
        return self.bits[name]

    def _state(self) -> tuple[Counter[int], dict[str, int], Counter[int], dict[str, int], int]:
        return self._masks.copy(), self._seqs.copy(), self._low.copy(), self.bits.copy(), self.term

    def begin(self) -> None:
        self._before = self._state()
        self.db.execute("BEGIN")

    def commit(self) -> None:
        fail_point("outbox.before_commit")
        self.db.execute("COMMIT")
        fail_point("outbox.after_commit")

    def rollback(self) -> None:
        self._masks, self._seqs, self._low, self.bits, self.term = self._before
        if self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def depths(self) -> dict[str, int]:
        """Messages that wait, by recipient."""
        return {name: sum(n for mask, n in self._masks.items() if mask & bit) for name, bit in self.bits.items()}

    @property
    def depth(self) -> int:
        """Messages that wait for anybody who is served."""
        served = sum(self.bits[one.name] for one in self._rules.recipients)
        return sum(n for mask, n in self._masks.items() if mask & served)

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
            self.keep_open(one)
        for table in ("action", "cycle"):
            self.db.executemany(
                f"DELETE FROM open_{table} WHERE {table}_id = ?",  # noqa: S608
                [(one.bytes,) for one in closed],
            )
        return kept

    def keep_open(self, one: OpenAction | OpenCycle) -> None:
        table, row = open_row(one)
        self.db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608

    def _keep(self, message: Message, at: float) -> Message:
        numbered = replace(message, seq=self._seqs.get(message.stream, 0) + 1, term=self.term)
        if self.keep_numbered(numbered, at):
            self._seqs[message.stream] = numbered.seq
            if self._rules.goes_on:
                self.keep_counter(SEQ + message.stream, numbered.seq)
            return numbered
        seq, term = self.db.execute("SELECT seq, term FROM message WHERE key = ?", (message.key.bytes,)).fetchone()
        return replace(message, seq=seq, term=term)

    def keep_numbered(self, message: Message, at: float, wanted: int | None = None) -> bool:
        """Keep a message under the number that it has; False where its key is kept already."""
        if wanted is None:
            wanted = sum(self.bits[one.name] for one in self._rules.recipients if one.wants(message))
        if not self.db.execute(INSERT, message_row(self._newest_id + 1, message, at, wanted)).rowcount:
            return False
        self._newest_id += 1
        self._masks[wanted] += 1
        return True

    def pending(self, after: int, limit: int, name: str = MAIN) -> list[Queued]:
        """The oldest messages with an id above `after` that wait for a recipient, in order of acceptance."""
        bit = self.bits[name]
        low = self._low[bit]
        rows = self.db.execute(
            f"SELECT {_COLUMNS} FROM message WHERE id > ? AND waiting & ? ORDER BY id LIMIT ?",  # noqa: S608
            (max(after, low), bit, limit),
        ).fetchall()
        if after <= low and limit:
            # Those before the first that waits need not be looked at again: another recipient may leave many there.
            newest = self.db.execute("SELECT coalesce(max(id), 0) FROM message").fetchone()[0]
            self._low[bit] = rows[0][0] - 1 if rows else newest
        return [one for row in rows if (one := self._readable(row, bit)) is not None]

    def _readable(self, row: tuple[Any, ...], bit: int) -> Queued | None:
        """None, and set aside, where a row is damaged in a way that SQLite does not see."""
        try:
            return queued_of(row, bit)
        except (ValueError, TypeError):
            given = self._row(row[0])
            at = row[COLUMNS.index("accepted_at")]
            at = at if isinstance(at, float) else 0.0
            for name, other in self.bits.items():
                if given.waiting & other:
                    dead.bury(self.db, row[0], name, "unreadable", at)
            self._forget([given])
            self._note([given], "damaged", at)
            return None

    def _row(self, id_: int) -> Given:
        found = self.db.execute("SELECT id, stream, cls, term, seq, waiting, waiting FROM message WHERE id = ?", (id_,))
        return Given(*found.fetchone())

    def delivered(self, ids: Sequence[int], name: str = MAIN, at: float = 0.0) -> None:
        """A recipient has them. What everybody has is deleted, or kept for `replay_s`."""
        bit, rows = self.bits[name], [(one,) for one in ids]
        if not self._rules.replay_s:
            gone = self.db.executemany(f"DELETE FROM message WHERE id = ? AND waiting = {bit}", rows).rowcount  # noqa: S608
            self._masks[bit] -= gone
            if gone == len(rows):
                return
        for one in ids:
            found = self.db.execute("SELECT waiting FROM message WHERE id = ?", (one,)).fetchone()
            if found is not None and found[0] & bit:
                self._count_over(found[0], found[0] & ~bit)
                what = "waiting = waiting & ~?1, replayed = replayed & ~?1, taken_at = ?2"
                self.db.execute(f"UPDATE message SET {what} WHERE id = ?3", (bit, at, one))  # noqa: S608

    def replay(self, name: str, since: float) -> int:
        """Let what a recipient got since a time wait for it once more, as `replayed`; returns how many that are."""
        bit = self.bits[name]
        rows = self.db.execute(
            "SELECT id, waiting FROM message WHERE wanted & ? AND NOT waiting & ? AND taken_at >= ?", (bit, bit, since)
        ).fetchall()
        for id_, mask in rows:
            self._count_over(mask, mask | bit)
            self.db.execute(
                "UPDATE message SET waiting = waiting | ?1, replayed = replayed | ?1 WHERE id = ?2", (bit, id_)
            )
        if rows:
            self._low[bit] = 0
        return len(rows)

    def dead_letter(self, id_: int, reason: str, at: float, name: str = MAIN) -> None:
        dead.bury(self.db, id_, name, reason, at)
        self.delivered([id_], name, at)
        # Not to be sent again with what was delivered.
        self.db.execute("UPDATE message SET wanted = wanted & ~? WHERE id = ?", (self.bits[name], id_))

    def drop_oldest(self, share: float = 0.05, window: int = WINDOW, at: float = 0.0) -> dict[str, int]:
        """Make room: what is kept to be sent again, else the oldest of the lowest class, a share of all; returns how
        many of each class are lost."""
        count = max(1, min(MOST_DROPPED, int(self._masks.total() * share)))
        if kept := dropping.give_up_kept(self.db, count):
            self._masks[0] -= kept
            return {}
        return self._lost(dropping.give_up(self.db, self._sent(window), count), "budget", at)

    def drop_old(self, now: float, window: int = WINDOW) -> dict[str, int]:
        """Give up what waits for longer than it is to, and what has been kept for long enough."""
        gone = self.db.execute("DELETE FROM message WHERE waiting = 0 AND taken_at < ?", (now - self._rules.replay_s,))
        self._masks[0] -= gone.rowcount
        oldest, before = self._accepted(0, sum(self.bits.values())), now - self._rules.keep_s
        if oldest is None or oldest >= before or now < self._old_at:
            return {}
        given = dropping.give_up(self.db, self._sent(window), MOST_DROPPED, before)
        self._old_at = now if given else now + NOTHING_OLD_S
        return self._lost(given, "age", now)

    def _sent(self, window: int) -> dict[int, int]:
        """By recipient's bit, up to which id it may have those that wait for it."""
        sent = {}
        for one in self._rules.recipients:
            bit = self.bits[one.name]
            first = "SELECT id FROM message WHERE id > ? AND waiting & ? ORDER BY id LIMIT ?"
            newest = f"SELECT coalesce(max(id), 0) FROM ({first})"  # noqa: S608
            sent[bit] = self.db.execute(newest, (self._low[bit], bit, window)).fetchone()[0]
        return sent

    def _lost(self, given: Sequence[Given], reason: str, at: float) -> dict[str, int]:
        self._count_out(given)
        lost = [one for one in given if one.missing]
        self._note(lost, reason, at)
        return dict(Counter(one.cls for one in lost))

    def _note(self, given: Sequence[Given], reason: str, at: float) -> None:
        names = {bit: name for name, bit in self.bits.items()}
        dropping.note(self.db, given, reason, names, at)

    def _forget(self, given: Sequence[Given]) -> None:
        self.db.executemany("DELETE FROM message WHERE id = ?", [(one.id,) for one in given])
        self._count_out(given)

    def _count_out(self, given: Sequence[Given]) -> None:
        for one in given:
            self._masks[one.waiting] -= 1

    def _count_over(self, before: int, after: int) -> None:
        self._masks[before] -= 1
        self._masks[after] += 1

    def gaps(self) -> list[Gap]:
        """What was given up and not announced yet."""
        return dropping.noted(self.db)

    def told(self, gaps: tuple[Gap, ...]) -> None:
        dropping.told(self.db, gaps)

    def retry(self, ids: Sequence[int]) -> int:
        """Let dead letters wait for their recipient again; returns how many that are."""
        rows = dead.unbury(self.db, ids, self.bits)
        for recipient, queued in rows:
            self._revive(self.bits[recipient], queued)
        return len(rows)

    def _revive(self, bit: int, queued: Queued) -> None:
        if self.keep_numbered(queued.message, queued.accepted_at, bit):
            return
        key = queued.message.key.bytes
        (mask,) = self.db.execute("SELECT waiting FROM message WHERE key = ?", (key,)).fetchone()
        self.db.execute("UPDATE message SET waiting = waiting | ?1, wanted = wanted | ?1 WHERE key = ?2", (bit, key))
        self._count_over(mask, mask | bit)
        self._low[bit] = 0

    def epochs(self) -> dict[str, int]:
        """The last epoch of each stream."""
        kept = self.counters().items()
        return {name.removeprefix(EPOCH): value for name, value in kept if name.startswith(EPOCH)}

    def keep_epoch(self, stream: str, epoch: int) -> None:
        self.keep_counter(EPOCH + stream, epoch)

    def counters(self) -> dict[str, int]:
        return dict(self.db.execute("SELECT name, value FROM counter").fetchall())

    def keep_counter(self, name: str, value: int) -> None:
        self.db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (name, value))

    def open_actions(self) -> list[OpenAction]:
        rows = self.db.execute("SELECT * FROM open_action ORDER BY stream, started_at")
        return [open_action(row) for row in rows]

    def open_cycles(self) -> list[OpenCycle]:
        rows = self.db.execute("SELECT * FROM open_cycle ORDER BY stream, started_at")
        return [open_cycle(row) for row in rows]

    def oldest(self) -> float | None:
        """Unix seconds at which the oldest message that waits for anybody who is served was accepted."""
        bits = [self.bits[one.name] for one in self._rules.recipients]
        return self._accepted(min(self._low[bit] for bit in bits), sum(bits))

    def _accepted(self, after: int, bits: int) -> float | None:
        readable = "AND typeof(accepted_at) = 'real'"
        first = f"SELECT accepted_at FROM message WHERE id > ? AND waiting & ? {readable} ORDER BY id LIMIT 1"  # noqa: S608
        row = self.db.execute(first, (after, bits)).fetchone()
        return None if row is None else float(row[0])

    def newest_taken(self) -> float:
        """Unix seconds at which the newest message that everybody has was taken, 0 where none is kept."""
        found = self.db.execute(
            "SELECT max(taken_at) FROM message WHERE waiting = 0 AND typeof(taken_at) = 'real'"
        ).fetchone()[0]
        return 0.0 if found is None else float(found)

    def used_bytes(self) -> int:
        pages, free = (self.db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        return int(pages - free) * PAGE_BYTES

    def shrink(self) -> None:
        """Give what was deleted back to the disk."""
        self.db.execute("PRAGMA incremental_vacuum").fetchall()
        self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        self.db.close()


def fail_point(name: str) -> None:
    """Die here, as by kill -9, where a test asks for it through TAKT_FAILPOINT."""
    if os.environ.get("TAKT_FAILPOINT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
