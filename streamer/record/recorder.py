"""Keeps clips of a stream as it is seen: at marked moments, or one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from streamer.errors import NotKept
from streamer.frame import Frame
from streamer.labels.keeping import Order, keep
from streamer.media.ring import PacketRing
from streamer.record.marks import MOST, Marks, Wanted


class Told(Protocol):
    """Hears what is recorded."""

    def kept(self, path: Path, number: int) -> None:
        """A clip is on the disk; `number` counts from 1."""
        ...

    def problem(self, text: str) -> None:
        """Something is wrong, and recording goes on."""
        ...


class Recorder:
    """Of one stream; lives on the event loop."""

    def __init__(self, order: Order, ring: PacketRing, pre_roll_s: float, seconds: float, told: Told) -> None:
        """Clips show `pre_roll_s` before a moment to `seconds` after it."""
        self._order, self._ring, self._told = order, ring, told
        self._pre_roll_s, self._length_s = pre_roll_s, pre_roll_s + seconds
        self._marks = Marks(pre_roll_s, seconds)
        self._newest: Frame | None = None
        self._free_from_s = 0.0
        self._is_last = False
        self.kept = 0

    def mark(self) -> str:
        """This moment is one to keep; returns what is in the way, or nothing."""
        span, frame = self._ring.span(), self._newest
        if frame is None or span is None or span.epoch != frame.epoch:
            return "no key frame came yet: nothing can be kept; wait for the camera"
        if (short_s := span.first_s - (frame.media_s - self._pre_roll_s)) > 0:
            return f"the pictures of {self._pre_roll_s:g} s ago are not at hand yet; wait {short_s:.1f} s"
        if self._marks.mark(frame.epoch, frame.media_s) is None:
            return f"{MOST} moments wait for their end already; wait"
        return ""

    def finish(self) -> None:
        """No moment will be marked any more: what waits is kept, and that is all."""
        self._is_last = True

    async def record(self, frames: AsyncIterator[Frame], count: int | None, follow: bool) -> None:
        """Until `count` clips are kept, the last one after `finish`, or the frames end.

        Args:
            follow: clip follows clip; otherwise only moments that are marked are kept.

        Raises:
            ClipUnwritable: the disk takes no clip.
            NotKept: nothing can ever be kept, since the camera sends too few key frames.
        """
        with ThreadPoolExecutor(1, "clips") as writer:
            async for frame in frames:
                self._see(frame)
                if follow and (count is None or self.kept + len(self._marks) < count):
                    self._mark_next(frame)
                for wanted in self._marks.due(frame.epoch, frame.media_s):
                    await self._keep(wanted, frame, writer)
                if self.kept == count or (self._is_last and not len(self._marks)):
                    return

    def _see(self, frame: Frame) -> None:
        if self._newest is None or self._newest.epoch != frame.epoch:
            self._free_from_s = 0.0
        self._newest = frame
        if self._ring.overflows:
            words = f"the pictures from one key frame to the next take more than {self._ring.max_bytes >> 20} MiB"
            raise NotKept(f"{words}; set the camera to a key frame every two seconds, or to a smaller stream")

    def _mark_next(self, frame: Frame) -> None:
        """Clip after clip: the next begins where the last one ended."""
        span = self._ring.span()
        start_s = max(self._free_from_s, -1.0 if span is None else span.first_s)
        if span is not None and span.epoch == frame.epoch and frame.media_s >= start_s + self._pre_roll_s:
            self._marks.mark(frame.epoch, start_s + self._pre_roll_s)
            self._free_from_s = start_s + self._length_s

    async def _keep(self, wanted: Wanted, frame: Frame, writer: ThreadPoolExecutor) -> None:
        try:
            excerpt = self._ring.excerpt(wanted.epoch, wanted.start_s, wanted.end_s)
        except NotKept as error:
            self._told.problem(f"a clip is lost: {error}")
            return
        captured_at = frame.captured_at - frame.media_s + excerpt.start_s
        write = asyncio.get_running_loop().run_in_executor
        path = await write(writer, keep, self._order, excerpt, captured_at, wanted.start_s, wanted.end_s)
        self.kept += 1
        self._told.kept(path, self.kept)
