"""Outboxes whose owner is gone: what waits in them, and what is open, is taken over.

Each step is two commits: ours, which notes how far we are, then theirs, which forgets. Whoever is killed between them
finds out at the next try, so that nothing is lost and nothing taken twice. Called by the writer's thread, in its
transactions.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from streamer.errors import OutboxUnavailable
from streamer.outbox.database import columns, connect, salvage
from streamer.outbox.dropping import Given, note
from streamer.outbox.files import DATABASE, quarantine
from streamer.outbox.rows import COLUMNS, MAIN, open_action, open_cycle, queued
from streamer.outbox.store import EPOCH, Store

_log = logging.getLogger(__name__)

CHUNK = 500
"""Messages in a commit."""
DONE = 1 << 62
"""Noted of a stream when all of it is taken."""
ADOPTED = "adopted/"
"""Before slot, term and stream: the counter of how far we are."""
_TABLES = ("message", "open_action", "open_cycle", "dead_letter", "gap")


def orphans(own: Path) -> list[Path]:
    """Folders of other outboxes beside ours; some may have an owner."""
    others = [path for path in own.parent.iterdir() if path.name != own.name and not path.is_symlink()]
    return sorted(path for path in others if (path / DATABASE).is_file())


def newest_term(folder: Path) -> int:
    """Of the outboxes in a folder, whoever owns them; nothing is known of one that cannot be read. 0: there is none."""
    newest = 0
    for file in folder.glob(f"*/{DATABASE}"):
        address = f"{file.absolute().as_uri()}?mode=rw"  # whoever may only read cannot see what is still in the log
        with suppress(sqlite3.Error), closing(sqlite3.connect(address, uri=True, timeout=1.0)) as db:
            (found,) = db.execute("SELECT coalesce(max(value), 0) FROM counter WHERE name = 'term'").fetchone()
            newest = max(newest, found)
    return newest


class Orphan:
    """Another outbox, whose lock somebody holds for us."""

    def __init__(self, folder: Path, budget_bytes: int, now: float) -> None:
        """A damaged file is set aside, and what can be read of it is what there is.

        Raises:
            OutboxUnavailable: it cannot be opened; so do all methods where it cannot be read or written.
        """
        self._folder = folder
        with self._theirs():
            try:
                self._db = connect(folder / DATABASE, budget_bytes)
                _read_all(self._db)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                self._db = _saved(folder, budget_bytes, now, error)
        counters = self._counters()
        newest: int = self._read("SELECT coalesce(max(term), 0) FROM message")[0][0]
        self.term = max(counters.get("term", 0), newest)
        self._names: dict[int, str] = dict(self._read("SELECT bit, name FROM recipient")) or {1: MAIN}

    def streams(self, wanted: Collection[str] | None) -> list[str]:
        """Those of which it has anything; of the wanted ones, where some are."""
        every = " UNION ".join(f"SELECT stream FROM {table}" for table in _TABLES)  # noqa: S608
        epochs = {name.removeprefix(EPOCH) for name in self._counters() if name.startswith(EPOCH)}
        found = {row[0] for row in self._read(every)} | epochs
        return sorted(found if wanted is None else found & set(wanted))

    def _counters(self) -> dict[str, int]:
        return dict(self._read("SELECT name, value FROM counter"))

    def _read(self, statement: str, *values: object) -> list[Any]:
        with self._theirs():
            return self._db.execute(statement, values).fetchall()

    @contextmanager
    def _theirs(self) -> Iterator[None]:
        """What is wrong with their file is not what is wrong with ours."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise OutboxUnavailable(f"{self._folder} cannot be read or written ({error})") from error

    def outrank(self, store: Store) -> None:
        """What is new counts from a term above theirs: consumers go by the highest."""
        if store.term <= self.term:
            store.new_term(self.term + 1)

    def give(self, store: Store, stream: str) -> int:
        """Part of a stream goes over into ours; returns up to which id, or DONE."""
        counter = f"{ADOPTED}{self._folder.name}/{self.term}/{stream}"
        last: int = store.counters().get(counter, 0)
        if last == DONE:
            return DONE
        rows = self._read(
            f"SELECT {', '.join(COLUMNS)}, waiting FROM message"  # noqa: S608
            " WHERE stream = ? AND id > ? AND waiting > 0 ORDER BY id LIMIT ?",
            stream, last, CHUNK,
        )  # fmt: skip
        for *row, waiting in rows:
            self._take(store, row, waiting)
        if rows:
            last = rows[-1][0]
        else:
            self._take_rest(store, stream)
            last = DONE
        store.keep_counter(counter, last)
        return last

    def _take(self, store: Store, row: list[Any], waiting: int) -> None:
        names = [name for bit, name in self._names.items() if waiting & bit]
        bits = sum(store.bit(name) for name in names)
        one = dict(zip(COLUMNS, row, strict=True))
        try:
            message = queued(row, 0).message
        except (ValueError, TypeError):
            given = Given(one["id"], one["stream"], one["cls"], one["term"], one["seq"], bits, bits)
            note(store.db, [given], "damaged", {store.bit(name): name for name in names}, one["accepted_at"])
            return
        store.keep_numbered(message, one["accepted_at"], bits)

    def _take_rest(self, store: Store, stream: str) -> None:
        """What is open, refused, lost and counted."""
        for row in self._read("SELECT * FROM open_action WHERE stream = ?", stream):
            store.keep_open(open_action(row))
        for row in self._read("SELECT * FROM open_cycle WHERE stream = ?", stream):
            store.keep_open(open_cycle(row))
        for table in ("dead_letter", "gap"):
            names = ", ".join(column for column in columns(store.db, table) if column != "id")
            places = ", ".join("?" * len(names.split(", ")))
            rows = self._read(f"SELECT {names} FROM {table} WHERE stream = ?", stream)  # noqa: S608
            store.db.executemany(f"INSERT OR REPLACE INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608
        epoch = self._counters().get(EPOCH + stream, 0)
        if epoch > store.epochs().get(stream, 0):
            store.keep_epoch(stream, epoch)

    def forget(self, stream: str, last: int) -> None:
        """Theirs, once ours is durable."""
        with self._theirs(), _transaction(self._db):
            self._db.execute("DELETE FROM message WHERE stream = ? AND id <= ?", (stream, last))
            if last == DONE:
                for table in _TABLES:
                    self._db.execute(f"DELETE FROM {table} WHERE stream = ?", (stream,))  # noqa: S608
                self._db.execute("DELETE FROM counter WHERE name = ?", (EPOCH + stream,))

    def finish(self, store: Store) -> None:
        """Where nothing is left in it, the file goes, and so does what we noted of it."""
        if self.streams(None):
            return
        self.close()
        with self._theirs():
            for name in (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "ballast"):
                (self._folder / name).unlink(missing_ok=True)
        store.db.execute("DELETE FROM counter WHERE name LIKE ?", (f"{ADOPTED}{self._folder.name}/%",))

    def close(self) -> None:
        self._db.close()


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _read_all(db: sqlite3.Connection) -> None:
    """Raises sqlite3.DatabaseError where a part of what we want to take cannot be read."""
    for table in (*_TABLES, "counter", "recipient"):
        for _ in db.execute(f"SELECT * FROM {table}"):  # noqa: S608
            pass


def _saved(folder: Path, budget_bytes: int, now: float, error: Exception) -> sqlite3.Connection:
    aside = quarantine(folder, now)
    connection = connect(folder / DATABASE, budget_bytes)
    with _transaction(connection):
        saved = salvage(aside / DATABASE, connection)
    _log.error("the outbox %s is damaged (%s); %d rows could still be read", folder, error, saved)
    return connection
