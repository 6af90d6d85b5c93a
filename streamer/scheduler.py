"""Which clips are looked at next, in batches across streams.

Of a windowed recognizer one clip a watch waits, and the newest wins. A continual one must see every clip of a watch or
begin anew: under overload whole watches are paused, so that the others stay warm.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection
from typing import Protocol

from recognizers.clip import Clip
from streamer.clock import Clock

_log = logging.getLogger(__name__)

Key = tuple[str, str]
"""(stream, watch)"""

BACKLOG = 4
"""Clips of a watch that may wait for a continual recognizer."""
PAUSE_S = 10.0
"""How long a watch that fell behind further than that is not looked at."""


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

    With `continual`, clips of a watch wait in their order, at most `BACKLOG` of them; a watch that has more is paused
    for `PAUSE_S`: what waits is shed, and the recognizer begins anew with it afterwards.
    """

    def __init__(
        self, batch: int, deadline_s: float, clock: Clock, observer: Observer, continual: bool = False
    ) -> None:
        self._batch = batch
        self._most = BACKLOG if continual else 1
        self._continual = continual
        self._paused_until: dict[Key, float] = {}
        self._deadline_s = deadline_s
        self._clock = clock
        self._observer = observer
        self._waiting: dict[Key, deque[tuple[Clip, float]]] = {}
        """At least one clip each, with the moment it was offered."""
        self._taken: set[Key] = set()
        """Whose clips are being looked at."""
        self._first_at = 0.0
        self.waited_s: tuple[float, ...] = ()
        """How long each clip of the newest batch waited for it."""
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def offer(self, clip: Clip) -> None:
        """Queue a clip. Where too many of its watch wait, the older one is shed, or the watch is paused."""
        key, now_s = (clip.stream, clip.watch), self._clock.monotonic()
        if now_s < self._paused_until.get(key, now_s):
            return self._observer.clip_shed(clip.stream, "paused")
        queue = self._waiting.get(key, deque())
        if len(queue) == self._most:
            if self._continual:
                self._observer.clip_shed(clip.stream, "overload")
                return self._pause(key, now_s)
            queue.popleft()
            self._observer.clip_shed(clip.stream, "newer")
        if not self._waiting:
            self._first_at = now_s
        queue.append((clip, now_s))
        self._waiting[key] = queue
        self._changed.set()

    def forget(self, stream: str) -> None:
        """Shed what waits of a stream whose epoch is over."""
        for key in [key for key in self._waiting if key[0] == stream]:
            self._shed(key, "epoch")
        self._paused_until = {key: until_s for key, until_s in self._paused_until.items() if key[0] != stream}

    def take_over(self, other: Scheduler) -> None:
        """Wait for what another waits for, which has seen the same clips and is done with them: where it has fallen
        behind, its clips are the older ones, and none between is left out."""
        self._waiting |= other._waiting
        other._waiting = {}
        self._paused_until = {}
        self._first_at = self._clock.monotonic()
        self._changed.set()

    def drop(self, keys: Collection[Key], reason: str) -> None:
        """Shed what waits of these watches."""
        for key in keys:
            if key in self._waiting:
                self._shed(key, reason)

    def _pause(self, key: Key, now_s: float) -> None:
        words = "stream %s, watch %s is paused for %g s: its recognizer has no time for it; give it a longer hop_s, "
        _log.warning(words + "a smaller network, or fewer watches", *key, PAUSE_S)
        self._paused_until[key] = now_s + PAUSE_S
        self._shed(key, "overload")

    def _shed(self, key: Key, reason: str) -> None:
        for _ in self._waiting.pop(key):
            self._observer.clip_shed(key[0], reason)
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
        await self.due()
        return self.take()

    async def due(self) -> None:
        """Wait until a batch may leave, which may yet be shed before it is taken; asked as `next_batch` is."""
        self._taken.clear()
        self._answered.set()
        while not self._is_due():
            self._changed.clear()
            try:
                async with asyncio.timeout(self._patience_s()):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def take(self) -> list[Clip]:
        """What waits longest, at most a batch of it."""
        keys = list(self._waiting)[: self._batch]
        self._taken.update(keys)
        clips, waited_s, now_s = [], [], self._clock.monotonic()
        for key in keys:
            queue = self._waiting.pop(key)
            clip, offered_s = queue.popleft()
            self._observer.queued(now_s - offered_s)
            clips.append(clip)
            waited_s.append(now_s - offered_s)
            if queue:  # behind those of all other watches
                self._waiting[key] = queue
        self.waited_s = tuple(waited_s)
        return clips

    def _is_due(self) -> bool:
        waiting = len(self._waiting)
        return waiting >= self._batch or (waiting > 0 and self._clock.monotonic() - self._first_at >= self._deadline_s)

    def _patience_s(self) -> float | None:
        if not self._waiting:
            return None
        return max(0.0, self._first_at + self._deadline_s - self._clock.monotonic())
