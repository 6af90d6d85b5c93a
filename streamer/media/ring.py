"""The last seconds of a stream as they came, bounded in seconds and bytes."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from streamer.errors import NotKept
from streamer.media.packets import CodedPicture, Coding, Excerpt


@dataclass(frozen=True, slots=True)
class Span:
    """What a ring holds, in media seconds of one epoch."""

    epoch: int
    first_s: float
    """Of the oldest key frame."""
    newest_s: float
    zero_at: float | None = None
    """Unix seconds of media time 0; None: nobody said so yet."""


class PacketRing:
    """Keeps whole runs of pictures from key frame to key frame, the newest ones. See `PacketTap`.

    Filled by a decode thread, read by any. A run that alone is larger than `max_bytes` is given up, and nothing is kept
    until the next key frame.
    """

    def __init__(self, keep_s: float, max_bytes: int) -> None:
        """`keep_s`: what can be asked for reaches back so far from the newest picture, where that fits `max_bytes`."""
        self._keep_s, self.max_bytes = keep_s, max_bytes
        self._lock = threading.Lock()
        self._coding: Coding | None = None
        self._epoch = 0
        self._origin_s: float | None = None
        self._zero_at: float | None = None
        self._runs: deque[list[CodedPicture]] = deque()
        self._waits_for_key = True
        self._bytes = 0
        self._newest = 0
        self.overflows = 0
        """Runs that were given up since they did not fit."""

    def opened(self, epoch: int, coding: Coding) -> None:
        with self._lock:
            self._epoch, self._coding, self._origin_s, self._zero_at = epoch, coding, None, None
            self._forget()

    def began(self, origin_s: float) -> None:
        with self._lock:
            self._origin_s = origin_s

    def dated(self, zero_at: float) -> None:
        self._zero_at = zero_at

    def keep(self, picture: CodedPicture) -> None:
        with self._lock:
            if self._waits_for_key and not picture.is_key:
                return
            if self._waits_for_key:
                self._waits_for_key, self._newest = False, picture.pts
            if picture.is_key:
                self._runs.append([])
            self._runs[-1].append(picture)
            self._bytes += len(picture.data)
            self._newest = max(self._newest, picture.pts)
            self._make_room()

    @property
    def size_bytes(self) -> int:
        return self._bytes

    def span(self) -> Span | None:
        """What can be asked for; None before the first key frame was decoded."""
        with self._lock:
            if self._coding is None or self._origin_s is None or not self._runs:
                return None
            first, newest = self._runs[0][0].pts, self._newest
            return Span(self._epoch, self._media_s(first), self._media_s(newest), self._zero_at)

    def excerpt(self, epoch: int, start_s: float, end_s: float) -> Excerpt:
        """The pictures from `start_s` to `end_s` of media time, and those before them back to a key frame.

        Raises:
            NotKept: these are no longer kept, or not yet.
        """
        with self._lock:
            if self._coding is None or epoch != self._epoch:
                raise NotKept("the connection has ended since; its pictures are gone")
            if self._origin_s is None or not self._runs:
                raise NotKept("no key frame came yet")
            # Half a unit of the stream's time: sums of seconds are not exact.
            start, end = (self._pts(at_s) + 0.5 for at_s in (start_s, end_s))
            first = max((n for n, run in enumerate(self._runs) if run[0].pts <= start), default=None)
            if first is None:
                ago_s = self._media_s(self._newest) - self._media_s(self._runs[0][0].pts)
                raise NotKept(f"the oldest key frame that is kept came {ago_s:.1f} s ago, which is too late")
            kept = [picture for run in list(self._runs)[first:] for picture in run]
            last = max(n for n, picture in enumerate(kept) if n == 0 or picture.pts <= end)
            return Excerpt(epoch, self._coding, tuple(kept[: last + 1]), self._media_s(kept[0].pts))

    def _media_s(self, pts: int) -> float:
        unit_s = 0.0 if self._coding is None else float(self._coding.time_base)
        return pts * unit_s - (self._origin_s or 0.0)

    def _pts(self, media_s: float) -> float:
        unit_s = 1.0 if self._coding is None else float(self._coding.time_base)
        return (media_s + (self._origin_s or 0.0)) / unit_s

    def _make_room(self) -> None:
        while len(self._runs) > 1 and (self._bytes > self.max_bytes or self._is_old()):
            self._bytes -= sum(len(picture.data) for picture in self._runs.popleft())
        if self._bytes > self.max_bytes:
            self.overflows += 1
            self._forget()

    def _is_old(self) -> bool:
        """Whether the second run alone reaches back far enough."""
        unit_s = 0.0 if self._coding is None else float(self._coding.time_base)
        return (self._newest - self._runs[1][0].pts) * unit_s >= self._keep_s

    def _forget(self) -> None:
        self._runs.clear()
        self._bytes, self._newest, self._waits_for_key = 0, 0, True
