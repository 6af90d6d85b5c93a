"""Lines of JSON between the supervisor and a worker: questions with their answers, and what is only told."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from streamer.errors import ClipUnwritable, ConfigError, Exists, NotKept, NotNow, TaktError

_log = logging.getLogger(__name__)

LINE_BYTES = 16 << 20
MOST_UNSENT = 8 << 20
"""Bytes that wait for the other side; beyond them nothing is only told."""
MOST_ASKED = 256
"""Questions that wait for their answers."""
_KINDS: Mapping[str, Callable[[list[str]], Exception]] = {
    "config": ConfigError,
    "exists": lambda words: Exists("; ".join(words)),
    "unknown": lambda words: KeyError(words[0]),
    "not_now": lambda words: NotNow("; ".join(words)),
    "not_kept": lambda words: NotKept("; ".join(words)),
    "unwritable": lambda words: ClipUnwritable("; ".join(words)),
}
_NAMES = {
    Exists: "exists",
    KeyError: "unknown",
    NotNow: "not_now",
    NotKept: "not_kept",
    ClipUnwritable: "unwritable",
}


def _other(words: list[str]) -> Exception:
    return TaktError("; ".join(words))


Said = Mapping[str, Any]
Answer = Callable[[Said], Awaitable[Said]]
Hear = Callable[[Said], None]


class Line:
    """One side. Lives on the event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer, hear: Hear) -> None:
        self._reader, self._writer, self._answer, self._hear = reader, writer, answer, hear
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[Said]] = {}
        self._over = False
        self.untold = 0
        """What was not told, since the other side did not listen."""

    @classmethod
    @asynccontextmanager
    async def over(cls, end: socket.socket, answer: Answer, hear: Hear) -> AsyncIterator[Line]:
        """A line over one end of a socket pair, which is closed with it. `answer` is asked what the other side asks,
        `hear` is told what it tells."""
        reader, writer = await asyncio.open_connection(sock=end, limit=LINE_BYTES)
        line = cls(reader, writer, answer, hear)
        try:
            yield line
        finally:
            line._end()
            writer.close()

    async def run(self) -> None:
        """Listen until the other side is gone, or says what is no line; then every question of ours is over."""
        try:
            async with asyncio.TaskGroup() as group:
                while (said := await self._next()) is not None:
                    self._heed(said, group)
                raise _Gone
        except* (_Gone, OSError):
            self._end()

    async def ask(self, what: str, patience_s: float = 30.0, **rest: object) -> Said:
        """What the other side answers.

        Raises:
            NotNow: it is gone, is asked too much, or takes too long.
            ConfigError, Exists, KeyError, NotKept, ClipUnwritable, TaktError: as it raised.
        """
        if self._over or len(self._asked) >= MOST_ASKED:
            raise NotNow("the worker of this stream is not there at the moment; try again")
        number, answered = next(self._numbers), asyncio.get_running_loop().create_future()
        self._asked[number] = answered
        try:
            self._write({"ask": number, "what": what, **rest})
            async with asyncio.timeout(patience_s):
                return _told(await answered)
        except TimeoutError:
            raise NotNow(f"the worker of this stream did not answer within {patience_s:g} s; try again") from None
        finally:
            self._asked.pop(number, None)

    async def room(self) -> None:
        """Wait until most of what was said is taken: before much more is."""
        await self._writer.drain()

    def tell(self, what: str, **rest: object) -> None:
        """Say it, if the other side listens: nobody waits for that."""
        if self._over or self._writer.transport.get_write_buffer_size() > MOST_UNSENT:
            self.untold += 1
        else:
            self._write({"tell": what, **rest})

    def _heed(self, said: Said, group: asyncio.TaskGroup) -> None:
        try:
            self._take(said, group)
        except Exception:
            # What is wrong with one word is not what is wrong with who hears it: the supervisor has others to hear.
            _log.exception("what was said over a line failed by a bug")

    def _take(self, said: Said, group: asyncio.TaskGroup) -> None:
        if "ask" in said:
            group.create_task(self._reply(said))
        elif "answer" in said:
            waiting = self._asked.get(said["answer"])
            if waiting is not None and not waiting.done():
                waiting.set_result(said)
        else:
            self._hear(said)

    async def _reply(self, said: Said) -> None:
        try:
            answer: Said = {"said": await self._answer(said)}
        except Exception as error:
            # The other side is told; what is wrong with one question is not what is wrong with the worker.
            if not isinstance(error, TaktError | KeyError):
                _log.exception("a question of the supervisor failed by a bug")
            answer = problem_of(error)
        self._write({"answer": said["ask"], **answer})

    async def _next(self) -> Said | None:
        try:
            line = await self._reader.readline()
        except ValueError:  # nothing after it could be told apart: as if it were gone
            _log.error("the other side said more than %d MiB in one line: it is not listened to", LINE_BYTES >> 20)
            return None
        try:
            return dict(json.loads(line)) if line.endswith(b"\n") else None
        except (ValueError, TypeError, RecursionError):
            _log.error("the other side said what is no object of JSON: it is not listened to")
            return None

    def _write(self, said: Said) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(said, separators=(",", ":"), default=str).encode() + b"\n")

    def _end(self) -> None:
        self._over = True
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_result(problem_of(NotNow("the worker of this stream ended; try again")))


class _Gone(Exception):
    """The other side closed the line."""


def problem_of(error: Exception) -> Said:
    """An error as it is told."""
    if isinstance(error, ConfigError):
        return {"problem": "config", "words": list(error.problems)}
    return {
        "problem": _NAMES.get(type(error), "other"),
        "words": [str(error.args[0]) if error.args else type(error).__name__],
    }


def _told(said: Said) -> Said:
    if "problem" not in said:
        return dict(said["said"])
    words = list(map(str, said["words"]))
    raise _KINDS.get(said["problem"], _other)(words)
