"""Cameras and readers that the tests of sources share."""

from __future__ import annotations

import threading
from contextlib import aclosing
from pathlib import Path

import numpy as np

from recognizers.clip import ClipSpec, Picture, Region
from streamer.clock import SystemClock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need, Source
from streamer.sources.libav import LibavSource
from streamer.sources.observer import SourceObserver
from streamer.testing.feeds import PictureFeed
from streamer.testing.film import moving_square, write_film

CLOCK = SystemClock()
DEMAND = Demand((Need(ClipSpec(frames=8, interval_s=0.04, hop_s=1.0, short_side_px=90), Region()),))
QUICK = {"open_timeout_s": 1.0, "read_timeout_s": 0.4, "stall_timeout_s": 2.5}

_PICTURES = list(moving_square(3, 25))


def draw(t_s: float) -> Picture:
    return _PICTURES[int(t_s * 25) % len(_PICTURES)]


def picture_feed() -> PictureFeed:
    return PictureFeed(draw, 25, CLOCK)


def film(folder: Path, seconds: float = 3.0) -> Path:
    return write_film(folder / "square.mp4", moving_square(seconds, 25), 25)


def source(address: Address, observer: SourceObserver | None = None) -> LibavSource:
    return LibavSource("cam", address, DEMAND, CLOCK, observer)


async def take(source: Source, wanted: int, epoch: int = 1) -> list[Frame]:
    """The first frames of one attempt; fewer if it ends by itself."""
    taken: list[Frame] = []
    async with aclosing(source.frames(epoch)) as frames:
        async for frame in frames:
            taken.append(frame)
            if len(taken) == wanted:
                break
    return taken


async def fail(source: Source) -> SourceUnavailable | SourceRejected:
    """How an attempt ends; AssertionError if it ends well."""
    try:
        await take(source, 10_000)
    except (SourceUnavailable, SourceRejected) as error:
        return error
    raise AssertionError("the attempt ended without an error")


def decode_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("decode")]


class Counts:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.frames = 0
        self.cpu_s = np.zeros(2)
        self.drops: dict[str, int] = {}
        self.clocks: list[str] = []
        self.endings: list[str] = []
        self.stuck: list[int] = []
        self.lost = np.zeros(3, int)
        """Packets, pictures, and key frames that were asked for."""

    def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
        self.frames += frames
        self.cpu_s += (decode_cpu_s, scale_cpu_s)

    def dropped(self, stream: str, reason: str, frames: int) -> None:
        self.drops[reason] = self.drops.get(reason, 0) + frames

    def connected(self, stream: str, clock: str) -> None:
        self.clocks.append(clock)

    def disconnected(self, stream: str, reason: str) -> None:
        self.endings.append(reason)

    def thread_left(self, stream: str, threads: int) -> None:
        self.stuck.append(threads)

    def peer_lost(self, stream: str, packets: int, pictures: int, asked: int) -> None:
        self.lost += (packets, pictures, asked)
