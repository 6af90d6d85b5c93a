"""What decode threads do with decoded pictures, whatever they came by: scale, date, count, hand over."""

from __future__ import annotations

import logging
import time
from typing import cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from recognizers.clip import Picture
from streamer.clock import Clock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.mailbox import Mailbox
from streamer.media.planes import Planes
from streamer.sources.base import Demand
from streamer.sources.observer import SourceObserver
from streamer.sources.taps import ViewTap
from streamer.sources.timestamps import CaptureTime, WallTime

_log = logging.getLogger(__name__)

_REPORT_S = 1.0
_CLOCK_SET_S = 30.0
_SAME_SHAPE = 0.02


class Scaler:
    """Pictures at analysis size.

    The scaler stays in the camera's own planes and colour is made of the small picture: scaling straight to RGB
    takes FFmpeg's slow path and twice the time (measured: 226 and 109 µs from 640x360 to 200x112).
    """

    def __init__(self, demand: Demand, shown: str, max_pixels: int, follows: bool = False) -> None:
        """`follows`: pictures may change their size as long as they keep their shape, as those of browsers do. All of
        an epoch are then scaled to what its first were."""
        self._demand, self._shown, self._max_pixels, self._follows = demand, shown, max_pixels, follows
        self._shrink, self._colour = VideoReformatter(), VideoReformatter()
        self._camera: tuple[int, int] | None = None
        self._size = (0, 0)

    def check(self, picture: VideoFrame) -> None:
        """A change of size ends the epoch; too many pixels end more than that."""
        camera = (picture.width, picture.height)
        if camera == self._camera:
            return
        if camera[0] * camera[1] > self._max_pixels:
            raise too_large(self._shown, f"{camera[0]}x{camera[1]}")
        if self._camera is None:
            self._size = self._demand.analysis_size(*camera)
        elif not (self._follows and self._fits(camera)):
            raise SourceUnavailable("changed", f"the picture changed from {self._camera} to {camera} pixels")
        self._camera = camera

    def _fits(self, camera: tuple[int, int]) -> bool:
        """The same shape, and no more detail than so far where that was less than is wanted."""
        wide, high = self._size
        return abs(camera[0] / camera[1] * high / wide - 1) <= _SAME_SHAPE + 2 / min(wide, high) and (
            self._demand.analysis_size(*camera)[0] <= wide * (1 + _SAME_SHAPE) + 2
        )

    def scale(self, picture: VideoFrame) -> Picture:
        """`(H, W, 3)` uint8 RGB, contiguous, of its own memory."""
        width, height = self._size
        # threads=1: the default starts as many scaler threads as there are cores, for every stream.
        small = self._shrink.reformat(
            picture, width=width, height=height, format="yuv420p", interpolation="AREA", threads=1
        )
        return cast(Picture, self._colour.reformat(small, format="rgb24", threads=1).to_ndarray())


def too_large(shown: str, size: str) -> SourceRejected:
    return SourceRejected("too_large", f"{shown} sends {size} pictures; choose a smaller stream or raise max_pixels")


class Viewing:
    """Decoded pictures for people who look: scaled only when somebody does, and not beyond the camera's own size."""

    def __init__(self, tap: ViewTap | None, tally: Tally) -> None:
        self._tap, self._tally = tap, tally
        self._shrink: dict[int, VideoReformatter] = {}

    def show(self, picture: VideoFrame, media_s: float) -> None:
        """Hand it to whoever wants to see this moment."""
        if self._tap is None or not (widths := self._tap.due(media_s)):
            return
        self._tally.read()
        self._shrink = {width: self._shrink.get(width) or VideoReformatter() for width in widths}
        for width, shrink in self._shrink.items():
            self._tap.show(width, media_s, _planes(picture, width, shrink))
        self._tally.scaled()


def _planes(picture: VideoFrame, most: int, shrink: VideoReformatter) -> Planes:
    width = min(most, picture.width) & ~1
    height = max(2, round(picture.height * width / picture.width) & ~1)
    small = shrink.reformat(picture, width=width, height=height, format="yuvj420p", interpolation="AREA", threads=1)
    return Planes(cast(NDArray[np.uint8], small.to_ndarray()), int(picture.colorspace))


class Dates:
    """Wall time of a live stream's pictures, and whose clock it is by."""

    def __init__(self, stream: str, clock: Clock, observer: SourceObserver) -> None:
        self._stream, self._clock, self._observer = stream, clock, observer
        self._wall_time, self._capture_time = WallTime(), CaptureTime()
        self._told_clock_set = False
        self.connected = False
        """Whether there was a picture."""

    def captured_at(self, media_s: float, reported_at: float | None) -> float:
        """See `CaptureTime.captured_at`."""
        before = self._capture_time.kind
        captured_at = self._capture_time.captured_at(media_s, self._arrived_at(), reported_at)
        if not self.connected or self._capture_time.kind != before:
            self.connected = True
            self._observer.connected(self._stream, self._capture_time.kind)
        return captured_at

    def _arrived_at(self) -> float:
        arrived_at = self._wall_time.at(self._clock.monotonic(), self._clock.now())
        off_s = self._wall_time.off_s
        if abs(off_s) > _CLOCK_SET_S and not self._told_clock_set:
            self._told_clock_set = True
            words = "stream %s: this machine's clock was set by %+.0f s; its times follow with the next connection"
            _log.warning(words, self._stream, off_s)
        return arrived_at


class Tally:
    """Counts of the decode thread, told to the observer about once a second."""

    def __init__(self, stream: str, observer: SourceObserver, mailbox: Mailbox[Frame]) -> None:
        self._stream = stream
        self._observer = observer
        self._mailbox = mailbox
        self._next_s = 0.0
        self._frames = 0
        self._lost = 0
        self._drops: dict[str, int] = {}
        self._cpu_s: float | None = None
        self._decode_s = self._scale_s = 0.0

    def count(self, now_s: float) -> None:
        self._frames += 1
        if now_s >= self._next_s:
            self._next_s = now_s + _REPORT_S
            self.flush()

    def drop(self, reason: str, frames: int = 1) -> None:
        self._drops[reason] = self._drops.get(reason, 0) + frames

    def read(self) -> None:
        """CPU time up to here went into reading and decoding."""
        now = time.thread_time()
        self._decode_s += now - (self._cpu_s if self._cpu_s is not None else 0.0)
        self._cpu_s = now

    def scaled(self) -> None:
        """CPU time since `read` went into scaling."""
        now = time.thread_time()
        self._scale_s += now - (self._cpu_s or 0.0)
        self._cpu_s = now

    def flush(self) -> None:
        late = self._mailbox.lost - self._lost
        if late:
            self._lost += late
            self.drop("late", late)
        if self._frames:
            self._observer.decoded(self._stream, self._frames, self._decode_s, self._scale_s)
        for reason, frames in self._drops.items():
            self._observer.dropped(self._stream, reason, frames)
        self._frames, self._decode_s, self._scale_s, self._drops = 0, 0.0, 0.0, {}
