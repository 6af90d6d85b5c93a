"""Kept pictures of one of several processes, in a folder that another one keeps within its limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from streamer.clock import Clock
from streamer.evidence.shelf import check_size, write

Promised = Callable[[str, float | None], None]
"""Is told of a file that will come, and from when on (Unix seconds); None: it will not come after all. Any thread may
call it; it never waits."""


class GuestShelf:
    """See `streamer.evidence.keeper.Store`. Nothing is counted, removed or served here."""

    def __init__(self, folder: Path, max_bytes: int, clock: Clock, promised: Promised) -> None:
        self._folder, self._max_bytes, self._clock, self._promised = folder, max_bytes, clock, promised

    def expire(self) -> None:
        """The owner of the folder does that."""

    def put(self, name: str, content: bytes) -> None:
        check_size(name, content, self._max_bytes)
        write(self._folder / name, content, self._clock.now())

    def promise(self, name: str, ready_at: float) -> None:
        self._promised(name, ready_at)

    def give_up(self, name: str) -> None:
        self._promised(name, None)
