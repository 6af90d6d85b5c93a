"""Pictures of all streams for people who look: one as it is now, or one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from streamer.clock import Clock
from streamer.errors import NotNow, too_many_look
from streamer.evidence.privacy import Redactor
from streamer.live.coder import Coder, Observer
from streamer.live.pace import Pace
from streamer.live.stage import Stage, Viewer

WIDTHS = (160, 320, 480, 640, 960, 1280, 1920)
"""A picture is coded once for all who look at one of these; whatever else is asked for becomes the next larger one."""
FRESH_S = 0.5
"""What was shown so lately is a snapshot still."""


@dataclass(frozen=True, slots=True)
class Limits:
    viewers: int = 64
    """At a time, of all streams together; 0: nobody may look."""
    stream_viewers: int = 16
    """Of one stream."""
    width: int = 1280
    """Pixels, the most that anybody gets."""
    fps: float = 15.0
    """Likewise, pictures a second."""


class LiveViews:
    """Lives on the event loop, which touches no pixels: decode threads scale, the coder's thread codes."""

    def __init__(self, limits: Limits, clock: Clock, observer: Observer, patience_s: float = 3.0) -> None:
        """`patience_s`: how long a snapshot is waited for."""
        self._limits, self._clock, self._observer, self._patience_s = limits, clock, observer, patience_s
        self._coder = Coder(observer)
        self._stages: dict[str, Stage] = {}

    def stage(self, redactor: Redactor) -> Stage:
        """What a stream is seen on, once it has joined. Asks `redactor` in a thread of its own."""
        return Stage(redactor, self._coder, self._clock)

    def join(self, stream: str, stage: Stage) -> None:
        """A stream begins, or begins anew with other things to hide: who looked at it must look again. A second time is
        harmless."""
        if self._stages.get(stream) is not stage:
            self.leave(stream)
            self._stages[stream] = stage

    def leave(self, stream: str) -> None:
        """There is no such stream any more."""
        if (stage := self._stages.pop(stream, None)) is not None:
            stage.end()

    def close(self) -> None:
        """Nothing is shown any more."""
        for stream in list(self._stages):
            self.leave(stream)
        self._coder.close()

    async def snapshot(self, stream: str, width: int = 1280) -> bytes:
        """The next picture of a stream, or the one that is shown just now, as JPEG.

        Raises:
            KeyError: there is no such stream.
            NotNow: no picture came, or too many look already.
        """
        stage, fitting = self._admitted(stream), self._width(width)
        newest = stage.newest(fitting)
        if newest is not None and self._clock.monotonic() - newest.came_s <= FRESH_S:
            return newest.jpeg
        with self._looking(stage, fitting, 1.0) as viewer:
            try:
                async with asyncio.timeout(self._patience_s):
                    return (await anext(viewer.pictures)).jpeg
            except (TimeoutError, StopAsyncIteration):
                words = f"no picture of {stream} came within {self._patience_s:g} s; see what its state says"
                raise NotNow(words) from None

    def mjpeg(self, stream: str, width: int = 640, fps: float = 10.0) -> AsyncGenerator[bytes, None]:
        """JPEGs of a stream, the newest one whenever the next is asked for, until the stream is no more. Nobody looks
        before the first is asked for, nor after it is closed.

        Raises:
            KeyError: at once; there is no such stream.
            NotNow: at once; too many look already.
        """
        return self._pictures(self._admitted(stream), self._width(width), 1 / min(max(fps, 0.1), self._limits.fps))

    async def _pictures(self, stage: Stage, width: int, interval_s: float) -> AsyncGenerator[bytes, None]:
        pace = Pace(interval_s)
        with self._looking(stage, width, interval_s) as viewer:
            async for shown in viewer.pictures:
                if pace.wants(shown.media_s):
                    yield shown.jpeg

    def _admitted(self, stream: str) -> Stage:
        stage = self._stages[stream]
        if stage.viewers >= self._limits.stream_viewers or self._viewers() >= self._limits.viewers:
            raise too_many_look(stream, stage.viewers, self._viewers())
        return stage

    @contextmanager
    def _looking(self, stage: Stage, width: int, interval_s: float) -> Iterator[Viewer]:
        viewer = Viewer(interval_s)
        stage.enter(width, viewer)
        self._observer.viewers(self._viewers())
        try:
            yield viewer
        finally:
            stage.leave(width, viewer)
            self._observer.viewers(self._viewers())

    def _width(self, asked: int) -> int:
        most = self._limits.width
        return min([width for width in WIDTHS if asked <= width < most], default=most)

    def _viewers(self) -> int:
        return sum(stage.viewers for stage in self._stages.values())
