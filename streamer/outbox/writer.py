"""The thread that owns the outbox's connection: statements from the loop go into one commit, answers go back."""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.outbox.database import connect, salvage
from streamer.outbox.files import DATABASE, Ballast, owned, private, quarantine, sync_folder
from streamer.outbox.store import GOES_ON, Rules, Store

_log = logging.getLogger(__name__)
T = TypeVar("T")

GROUP_S = 0.02
"""A commit waits for no more statements than arrive within this time."""
REPORT_S = 5.0
"""How often the state is reported when nothing happens."""
TIDY_S = 5.0
"""How often what is too old is looked for."""
WAITING = 4096
ROOM_TRIES = 5


@dataclass(frozen=True, slots=True)
class Job:
    """One statement asked for by the loop."""

    work: Callable[[Store], Any]
    answer: asyncio.Future[Any]
    grows: bool
    """It needs more disk; refused while the disk is full."""


@dataclass(frozen=True, slots=True)
class Report:
    """What one commit did; handed to the loop together with the answers."""

    depth: int
    """Messages that wait for anybody."""
    depths: dict[str, int]
    """Those that wait for each recipient."""
    oldest_at: float | None
    used_bytes: int
    grown: bool
    commit_s: float
    """Seconds of the commit with its fsync; 0 where nothing was committed."""
    dropped: dict[str, int] = field(default_factory=dict)
    """Messages given up, by class."""


class Writer:
    """Owns the database from `start` to `close`. `on_report` is called on the loop."""

    def __init__(self, folder: Path, rules: Rules, clock: Clock, on_report: Callable[[Report], None]) -> None:
        self._folder = folder
        self._rules = rules
        self._clock = clock
        self._on_report = on_report
        self._jobs: queue.Queue[Job | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._dropped: dict[str, int] = {}
        self._oldest_at: float | None = None
        self._used_bytes = 0
        self._term = 0
        self._closing = False
        self._tidy_at = 0.0

    async def start(self) -> None:
        """Raises OutboxUnavailable where the folder cannot be used."""
        self._loop = asyncio.get_running_loop()
        self._opened: asyncio.Future[None] = self._loop.create_future()
        self._closed: asyncio.Future[None] = self._loop.create_future()
        self._thread.start()
        await self._opened

    async def close(self) -> None:
        """Serve what was asked for, then let go of the folder."""
        while not self._closed.done():
            try:
                self._jobs.put_nowait(None)
                break
            except queue.Full:
                await self._clock.sleep(GROUP_S)
        await asyncio.wait([self._closed])
        self._thread.join()

    async def ended(self) -> None:
        """Return once the thread has ended; raises what it ended of, where that was a bug."""
        await asyncio.shield(self._closed)

    async def ask(self, work: Callable[[Store], T], grows: bool = False) -> T:
        """Run `work` in the next commit; durable on return.

        Raises:
            OutboxUnavailable: the disk does not take it, or the thread is far behind.
        """
        if self._closed.done():
            raise OutboxUnavailable("the outbox is closed")
        answer: asyncio.Future[T] = self._loop.create_future()
        try:
            self._jobs.put_nowait(Job(work, answer, grows))
        except queue.Full:
            raise OutboxUnavailable(f"{WAITING} statements wait for the disk") from None
        return await answer

    # From here on: in the thread.

    def _run(self) -> None:
        group: list[Job] = []
        failure: Exception | None = None
        try:
            with owned(self._folder):
                self._ballast = Ballast(self._folder, self._rules.budget_bytes)
                self._store = self._open()
                self._ballast.restore()
                self._post(_settle, self._opened, None)
                self._post(self._on_report, self._report(False, 0.0))
                while not self._closing:
                    group = self._gather()
                    self._serve(group)
                    self._tidy()
                self._store.close()
        except BaseException as error:
            # Also what is no Exception: nothing but this may end the thread, and nobody but this would tell.
            failure = _unavailable(error)
            _log.error("%s", failure)
        finally:
            self._post(self._over, failure, group)

    def _open(self) -> Store:
        try:
            store = self._open_file()
        except sqlite3.OperationalError:
            if self._ballast.starved:
                raise
            # Opening needs some room too, which a full disk has only here.
            self._ballast.release()
            store = self._open_file()
        sync_folder(self._folder)
        return store

    def _open_file(self) -> Store:
        try:
            return self._own(connect(private(self._folder / DATABASE), self._rules.budget_bytes))
        except sqlite3.DatabaseError as error:
            if not _damaged(error):
                raise
            return self._anew(error)

    def _anew(self, error: Exception) -> Store:
        """Start over with what can be saved."""
        aside = quarantine(self._folder, self._clock.now())
        connection = connect(private(self._folder / DATABASE), self._rules.budget_bytes)
        connection.execute("BEGIN")
        saved = salvage(aside / DATABASE, connection)
        connection.execute("DELETE FROM counter WHERE name = ?", (GOES_ON,))  # numbers may be lost: they begin anew
        connection.execute("COMMIT")
        text = "the outbox is damaged (%s); it was set aside as %s and a new one begun with the %d rows still readable"
        _log.error(text, error, aside, saved)
        return self._own(connection)

    def _own(self, connection: sqlite3.Connection) -> Store:
        """A new term: above the last one stored, above ours, and above any of a lost folder, as time is. Where terms
        are given, the last one goes on."""
        store = Store(connection, self._at_least(), self._rules)
        self._term = store.term
        return store

    def _at_least(self) -> int:
        return self._term + 1 if self._rules.goes_on else max(int(self._clock.now()), self._term + 1)

    def _gather(self) -> list[Job]:
        """What to commit together: everything asked for by now, at most GROUP_S long."""
        group: list[Job] = []
        until = float("inf")
        while time.perf_counter() < until:
            try:
                job = self._jobs.get(timeout=None if group else REPORT_S, block=not group)
            except queue.Empty:
                break
            if job is None:
                self._closing = True
                break
            if not group:
                until = time.perf_counter() + GROUP_S
            group.append(job)
        return group

    def _serve(self, group: Sequence[Job]) -> None:
        """Commit a group and answer; where it fails as a whole, each statement gets its own try."""
        if not group:
            self._post(self._on_report, self._report(False, 0.0))
            return
        try:
            self._check_room(group)
            answers, took = self._with_room(group)
        except Exception as error:
            if len(group) > 1:
                for job in group:
                    self._serve([job])
                return
            of_the_disk = isinstance(error, sqlite3.Error | OSError)
            self._post(_settle, group[0].answer, _unavailable(error) if of_the_disk else error)
            return
        if self._ballast.starved:
            self._shrink()
        self._post(self._answer, group, answers, self._report(any(job.grows for job in group), took))

    def _shrink(self) -> None:
        """Needs room itself, which somebody else may have taken: the next commit tries again."""
        try:
            self._store.shrink()
        except sqlite3.Error as error:
            _log.warning("the outbox cannot give anything back to the full disk: %s", error)

    def _check_room(self, group: Sequence[Job]) -> None:
        if any(job.grows for job in group) and not self._ballast.restore():
            raise OutboxUnavailable("the disk is full; free space, events are taken again by themselves")

    def _with_room(self, group: Sequence[Job]) -> tuple[list[Any], float]:
        """Run the group; on a full budget the oldest messages make room, on a full disk the ballast does.

        What needs more disk is refused there: the ballast is for what frees some.
        """
        for _ in range(ROOM_TRIES):
            try:
                return self._transact(group)
            except sqlite3.DatabaseError as error:
                if _damaged(error):
                    self._store.close()
                    self._store = self._anew(error)
                    continue
                if error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                    raise
                if self._ballast.disk_full:
                    if self._ballast.starved or any(job.grows for job in group):
                        self._ballast.release()
                        raise
                    self._ballast.release()
                    continue
            self._make_room()
        raise OutboxUnavailable("the outbox budget is too small for what is to be kept")

    def _transact(self, group: Sequence[Job]) -> tuple[list[Any], float]:
        self._store.begin()
        try:
            answers = [job.work(self._store) for job in group]
            before = time.perf_counter()
            self._store.commit()
            self._term = self._store.term
        except BaseException:
            self._store.rollback()
            raise
        return answers, time.perf_counter() - before

    def _tidy(self) -> None:
        """Now and then what is too old goes; on a disk that does not take even that, the next time."""
        if time.perf_counter() < self._tidy_at:
            return
        self._tidy_at = time.perf_counter() + TIDY_S
        try:
            self._drop(lambda: self._store.drop_old(self._clock.now()))
        except sqlite3.Error as error:
            _log.warning("the outbox cannot be tidied: %s", error)

    def _make_room(self) -> None:
        self._drop(lambda: self._store.drop_oldest(at=self._clock.now()))

    def _drop(self, what: Callable[[], dict[str, int]]) -> None:
        self._store.begin()
        try:
            gone = what()
            self._store.commit()
        except BaseException:
            self._store.rollback()
            raise
        for cls, count in gone.items():
            self._dropped[cls] = self._dropped.get(cls, 0) + count

    def _report(self, grown: bool, commit_s: float) -> Report:
        dropped, self._dropped = self._dropped, {}
        try:
            self._oldest_at, self._used_bytes = self._store.oldest(), self._store.used_bytes()
        except sqlite3.Error as error:
            # The commit stands whatever can be read now; what is damaged is found and healed by the next one.
            _log.warning("the state of the outbox cannot be read: %s", error)
        depths = self._store.depths()
        return Report(self._store.depth, depths, self._oldest_at, self._used_bytes, grown, commit_s, dropped)

    def _answer(self, group: Sequence[Job], answers: Sequence[Any], report: Report) -> None:
        """On the loop."""
        for job, answer in zip(group, answers, strict=True):
            _settle(job.answer, None, answer)
        self._on_report(report)

    def _over(self, failure: Exception | None, group: Sequence[Job]) -> None:
        """On the loop, the last that the thread posts: nobody waits for an answer that will not come."""
        _settle(self._opened, failure)
        _settle(self._closed, failure)
        self._closed.exception()  # who wants to know it waits for `ended`
        waiting: list[Job | None] = [*group]
        while not self._jobs.empty():
            waiting.append(self._jobs.get_nowait())
        for job in waiting:
            if job is not None:
                _settle(job.answer, OutboxUnavailable("the outbox has stopped"))

    def _post(self, call: Callable[..., None], *args: Any) -> None:
        try:
            self._loop.call_soon_threadsafe(call, *args)
        except RuntimeError:
            _log.debug("the loop has ended before the outbox")


def _settle(future: asyncio.Future[Any], error: Exception | None, answer: Any = None) -> None:
    if future.done():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)


def _damaged(error: sqlite3.DatabaseError) -> bool:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return code is None or code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _unavailable(error: BaseException) -> OutboxUnavailable:
    if isinstance(error, OutboxUnavailable):
        return error
    unavailable = OutboxUnavailable(f"the outbox cannot store now: {error}")
    unavailable.__cause__ = error
    return unavailable
