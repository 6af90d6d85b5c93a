"""Which clips are looked at next: one waiting clip a watch, the newest wins, batches across streams."""

from __future__ import annotations

import asyncio
from typing import Protocol

from recognizers.clip import Clip
from streamer.clock import Clock

Key = tuple[str, str]
"""(stream, watch)"""


class Observer(Protocol):
    def clip_shed(self, stream: str, reason: str) -> None: ...

    def queued(self, took_s: float) -> None:
        """How long a clip waited for its batch."""
        ...


class Scheduler:
    """Gathers the clips of all watches of one recognizer into batches.

    Holds at most one clip a watch: a newer one takes the older one's place *in the queue*, so that a watch that
    waits longest is served first whatever the load. A batch leaves when it is full, or `deadline_s` after its
    first clip came, or at once with what is there when the device has been busy for longer than that.
    """

    def __init__(self, batch: int, deadline_s: float, clock: Clock, observer: Observer) -> None:
        self._batch = batch
        self._deadline_s = deadline_s
        self._clock = clock
        self._observer = observer
        self._waiting: dict[Key, tuple[Clip, float]] = {}
        """Each with the moment it was offered."""
        self._taken: set[Key] = set()
        """Whose clips are being looked at."""
        self._first_at = 0.0
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def offer(self, clip: Clip) -> None:
        """Queue a clip; one of the same watch that still waits is shed."""
        key = (clip.stream, clip.watch)
        now_s = self._clock.monotonic()
        if key in self._waiting:
            self._observer.clip_shed(clip.stream, "newer")
        if not self._waiting:
            self._first_at = now_s
        self._waiting[key] = clip, now_s
        self._changed.set()

    def forget(self, stream: str) -> None:
        """Shed what waits of a stream whose epoch is over."""
        for key in [key for key in self._waiting if key[0] == stream]:
            del self._waiting[key]
            self._observer.clip_shed(stream, "epoch")
        self._answered.set()

    async def settled(self, stream: str) -> None:
        """Wait until no clip of a stream waits or is being looked at."""
        while any(key[0] == stream for key in (*self._waiting, *self._taken)):
            self._answered.clear()
            await self._answered.wait()

    async def next_batch(self) -> list[Clip]:
        """Wait for the next batch, 1 to `batch` clips; whoever asks has done with the batch before.

        For one reader. Cancel-safe: nothing leaves the queue before the return.
        """
        self._taken.clear()
        self._answered.set()
        while not self._is_due():
            self._changed.clear()
            try:
                async with asyncio.timeout(self._patience_s()):
                    await self._changed.wait()
            except TimeoutError:
                continue
        keys = list(self._waiting)[: self._batch]
        self._taken.update(keys)
        clips = []
        for key in keys:
            clip, offered_s = self._waiting.pop(key)
            self._observer.queued(self._clock.monotonic() - offered_s)
            clips.append(clip)
        return clips

    def _is_due(self) -> bool:
        waiting = len(self._waiting)
        return waiting >= self._batch or (waiting > 0 and self._clock.monotonic() - self._first_at >= self._deadline_s)

    def _patience_s(self) -> float | None:
        if not self._waiting:
            return None
        return max(0.0, self._first_at + self._deadline_s - self._clock.monotonic())
