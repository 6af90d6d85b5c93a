"""Recorded video as evenly spaced pictures. This package's door to FFmpeg."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from recognizers.clip import Picture
from recognizers.errors import DataError

_JUMP_S = 2.0
"""Pictures further ahead than this are gone to by seeking; nearer ones are reached sooner by decoding on."""
_REORDERED = 16
"""Pictures that may lie between a key frame and one that is shown before it (H.264 allows so many)."""
_SHORT = 0.1
"""A file may hold so much less than it says of itself, as a share, before it counts as cut short."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of its video; nothing is decoded for it."""

    duration_s: float
    """From its first picture to the end of its last."""
    rate_hz: float
    """Pictures a second, on average."""
    width: int
    height: int

    def length(self, rate_hz: float, start_s: float = 0.0, end_s: float | None = None) -> int:
        """Pictures at another rate from one second to another (None: to the end); at least 1."""
        last_s = self.duration_s - 1 / self.rate_hz
        last_s = last_s if end_s is None else min(last_s, end_s - 1 / rate_hz)
        return max(1, int((last_s - start_s) * rate_hz + 0.5) + 1)


def facts(path: Path) -> Facts:
    """Of a video.

    Raises:
        DataError: the file is no video that can be read.
    """
    with _opened(path) as film:
        stream = film.streams.video[0]
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        duration = float(stream.duration * stream.time_base) if stream.duration else (film.duration or 0) / av.time_base
        if rate <= 0 or duration <= 0:
            packets = film.demux(stream)
            times = sorted(float(one.pts * one.time_base) for one in packets if one.pts is not None)
            length = times[-1] - times[0] if times else 0.0
            rate = (len(times) - 1) / length if length else 1.0
            duration = len(times) / rate
        if duration <= 0 or not stream.width:
            raise DataError(f"{path} holds no pictures; replace or remove it")
        return Facts(duration, rate, stream.width, stream.height)


def pictures(path: Path, rate_hz: float, short_side_px: int) -> Iterator[Picture]:
    """Pictures `(H, W, 3)` at `rate_hz`, by the video's own timestamps; none larger than the video's own.

    A moment is shown by the first picture that is not earlier, give or take half a step.

    Raises:
        DataError: the file is no video that can be read.
    """
    with _opened(path) as film:
        film.streams.video[0].thread_type = "AUTO"
        shown = 0
        began_s: float | None = None
        for frame in film.decode(video=0):
            if frame.pts is None:
                continue
            began_s = frame.time if began_s is None else began_s
            due = _due(frame.time - began_s, rate_hz)
            if due >= shown:
                picture = _picture(frame, short_side_px)
                yield from [picture] * (due + 1 - shown)
                shown = due + 1


def pictures_at(
    path: Path, positions: Sequence[int], rate_hz: float, short_side_px: int, start_s: float = 0.0
) -> Iterator[Picture]:
    """The pictures `(H, W, 3)` that `pictures` shows at some positions, which grow; counted from `start_s` on.

    Nothing is decoded that lies more than a few seconds before what is asked for: the key frame before it is gone to.
    A position behind the last picture shows the last.

    Raises:
        DataError: the file is no video that can be read, or ends long before it says.
    """
    with _opened(path) as film:
        reader = _Reader(path, film, rate_hz, start_s)
        shown: tuple[Any, Picture] | None = None
        for position in positions:
            frame = reader.at(position)
            if shown is None or shown[0] is not frame:
                shown = frame, _picture(frame, short_side_px)
            yield shown[1]


def thumbnails(path: Path, count: int, side_px: int) -> NDArray[np.uint8]:
    """`(K, side, side)` grey: up to `count` pictures, evenly spread over a video, each squeezed into a square.

    Raises:
        DataError: the file is no video that can be read, or ends long before it says.
    """
    rate_hz = count / facts(path).duration_s
    with _opened(path) as film:
        reader = _Reader(path, film, rate_hz, 0.0)
        frames = [reader.at(position) for position in range(count)]
        return np.stack([np.asarray(one.to_ndarray(format="gray", width=side_px, height=side_px)) for one in frames])


class _Reader:
    """Goes through an open film, forwards only."""

    def __init__(self, path: Path, film: Any, rate_hz: float, start_s: float) -> None:
        self._path, self._film, self._rate_hz = path, film, rate_hz
        self._stream = film.streams.video[0]
        self._stream.thread_type = "SLICE"
        began = self._stream.start_time
        self._began_s = float(began * self._stream.time_base) if began is not None else self._first_s()
        self._start_s = start_s
        self._frames: Iterator[Any] | None = None
        self._frame: Any = None

    def at(self, position: int) -> Any:
        """The first frame that is due at a position or later; the last one where there is none."""
        if self._frame is not None and self._due(self._frame) >= position:
            return self._frame
        wanted_s = self._began_s + self._start_s + (position - 0.5) / self._rate_hz
        if self._frames is None or wanted_s - self._frame.time > _JUMP_S:
            self._go_to(wanted_s)
            if self._due(self._frame) >= position:
                return self._frame
        for frame in self._frames or ():
            self._frame = frame
            if self._due(frame) >= position:
                return frame
        self._judge_end(position)
        return self._frame

    def _go_to(self, wanted_s: float) -> None:
        """Be before a moment, as near as a key frame allows."""
        reorders = self._stream.codec_context.has_b_frames
        back_s = _REORDERED / float(self._stream.average_rate or 25) if reorders else 0.0
        while True:
            to_s = max(self._began_s, wanted_s - back_s)
            self._film.seek(int(to_s / self._stream.time_base), stream=self._stream, backward=True)
            frames = self._decoded()
            first = next(frames, None)
            if to_s <= self._began_s or (first is not None and first.time <= wanted_s):
                break
            back_s = max(1.0, back_s * 2)
        self._frames, self._frame = frames, first
        if first is None:
            raise DataError(f"{self._path} holds no pictures that can be decoded; replace or remove it")

    def _decoded(self) -> Iterator[Any]:
        return (frame for frame in self._film.decode(self._stream) if frame.pts is not None)

    def _due(self, frame: Any) -> int:
        return _due(frame.time - self._began_s - self._start_s, self._rate_hz)

    def _first_s(self) -> float:
        first = next(self._decoded(), None)
        return float(first.time) if first is not None else 0.0

    def _judge_end(self, position: int) -> None:
        says_s = self._film.duration / av.time_base if self._film.duration else 0.0
        ends_s = self._frame.time - self._began_s
        asked_s = min(says_s, self._start_s + position / self._rate_hz)
        if asked_s - ends_s > max(0.5, _SHORT * says_s):
            raise DataError(
                f"{self._path} says that it lasts {says_s:.1f} s and ends after {ends_s:.1f} s: it was cut short or is "
                "damaged; replace or remove it"
            )


def _due(seconds: float, rate_hz: float) -> int:
    """The last position that a picture of a moment may show."""
    return int(np.floor(seconds * rate_hz + 0.5))


def _picture(frame: Any, short_side_px: int) -> Picture:
    scale = min(1.0, short_side_px / min(frame.width, frame.height))
    width, height = round(frame.width * scale), round(frame.height * scale)
    return np.asarray(frame.to_ndarray(format="rgb24", width=width, height=height), np.uint8)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with av.open(str(path)) as film:
            yield film
    except FileNotFoundError:
        raise DataError(f"{path} is not there; check the path") from None
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        raise DataError(
            f"{path} is not a video that can be read ({type(error).__name__}); replace or remove it"
        ) from None
