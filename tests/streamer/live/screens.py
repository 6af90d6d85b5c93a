"""Decode threads and observers that the tests of live pictures share."""

from __future__ import annotations

import asyncio
import io
import threading

import av
import numpy as np

from recognizers.clip import Picture
from streamer.evidence.privacy import Privacy, Redactor
from streamer.live import Limits, LiveViews
from streamer.live.stage import Stage
from streamer.media.planes import Planes
from streamer.testing.time import FakeClock

OPEN = Redactor(Privacy())
BT601 = 5


class Counts:
    """What is told for metrics."""

    def __init__(self) -> None:
        self.most = self.now = 0
        self.outcomes: list[str] = []
        self._told = threading.Condition()

    def viewers(self, count: int) -> None:
        self.now, self.most = count, max(self.most, count)

    def picture_coded(self, outcome: str, cpu_s: float = 0.0) -> None:
        with self._told:
            self.outcomes.append(outcome)
            self._told.notify_all()

    def wait_for(self, outcomes: int) -> None:
        """In a thread of the test's: until so much became of pictures."""
        with self._told:
            assert self._told.wait_for(lambda: len(self.outcomes) >= outcomes, 10), self.outcomes


def grey(value: int, width: int = 64, height: int = 48) -> Planes:
    return Planes(np.full((height * 3 // 2, width), value, np.uint8), BT601)


def seen(jpeg: bytes) -> Picture:
    """What a browser makes of it."""
    with av.open(io.BytesIO(jpeg), format="jpeg_pipe") as opened:
        return next(opened.decode(video=0)).to_ndarray(format="rgb24")  # type: ignore[return-value]


def staged(views: LiveViews, redactor: Redactor = OPEN) -> Stage:
    """Where `cam` is seen."""
    stage = views.stage(redactor)
    views.join("cam", stage)
    return stage


class Screen:
    """One stream, `cam`, of which the test decodes the pictures."""

    def __init__(self, redactor: Redactor = OPEN, limits: Limits = Limits(), patience_s: float = 5.0) -> None:  # noqa: B008
        self.clock, self.counts = FakeClock(), Counts()
        self.views = LiveViews(limits, self.clock, self.counts, patience_s)
        self.tap = staged(self.views, redactor)

    def decode(self, media_s: float, value: int = 128) -> list[int]:
        """What a decode thread does with a picture; returns the widths that were asked for."""
        widths = list(self.tap.due(media_s))
        for width in widths:
            self.tap.show(width, media_s, grey(value))
        return widths

    async def asked(self) -> None:
        """Until a reader that was just begun asks for pictures."""
        for _ in range(10):
            await asyncio.sleep(0)
