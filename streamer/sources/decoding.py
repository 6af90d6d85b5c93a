"""The thread that decodes one attempt: how it is watched, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator
from typing import Protocol

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.mailbox import Mailbox
from streamer.sources.observer import SourceObserver

_JOIN_S = 1.0


class Attempt(Protocol):
    """One connection, as its thread runs it."""

    @property
    def patience_s(self) -> float: ...

    def run(self) -> None:
        """The thread. Its every end closes the mailbox, and it raises nothing."""
        ...

    def stop(self) -> None:
        """On the loop: nobody reads any longer."""
        ...

    def end_if_stalled(self) -> bool:
        """On the loop: whether the attempt is over because no new picture was decoded for too long."""
        ...


class DecodeThreads:
    """The decode threads of one stream: one at a time, unless the library does not let go of an old one."""

    def __init__(self, stream: str, observer: SourceObserver) -> None:
        self._stream, self._observer = stream, observer
        self._stuck: list[threading.Thread] = []

    async def frames(self, attempt: Attempt, mailbox: Mailbox[Frame]) -> AsyncGenerator[Frame, None]:
        """What the attempt puts into its mailbox. No thread is left once this is closed, save for a stuck one."""
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()

        def decode() -> None:
            attempt.run()
            with contextlib.suppress(RuntimeError):  # the loop may be gone, and then nobody waits
                loop.call_soon_threadsafe(ended.set)

        thread = threading.Thread(target=decode, name=f"decode {self._stream}", daemon=True)
        watchdog = _Watchdog(loop, attempt)
        thread.start()
        reason = "closed"
        try:
            async for frame in mailbox:
                yield frame
            reason = "end"
        except (SourceUnavailable, SourceRejected) as error:
            reason = error.reason
            raise
        finally:
            watchdog.cancel()
            attempt.stop()
            self._observer.disconnected(self._stream, reason)
            await self._join(thread, ended)

    async def _join(self, thread: threading.Thread, ended: asyncio.Event) -> None:
        """Wait for the thread, but not longer than a second: one that is stuck in the library ends by the library's
        own timeouts, and is counted until then."""
        try:
            async with asyncio.timeout(_JOIN_S):
                await ended.wait()
            thread.join()  # it has said its last word
        except TimeoutError:
            self._stuck.append(thread)
        left = [stuck for stuck in self._stuck if stuck.is_alive()]
        if left or self._stuck:
            self._observer.thread_left(self._stream, len(left))
        self._stuck = left


class _Watchdog:
    """Ends an attempt that decodes no picture of a new time, whatever the socket does. Lives on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, attempt: Attempt) -> None:
        self._loop = loop
        self._attempt = attempt
        self._call = loop.call_later(attempt.patience_s / 8, self._look)

    def cancel(self) -> None:
        self._call.cancel()

    def _look(self) -> None:
        if not self._attempt.end_if_stalled():
            self._call = self._loop.call_later(self._attempt.patience_s / 8, self._look)
