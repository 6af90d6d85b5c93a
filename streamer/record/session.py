"""A recording session: one camera, one label, until enough is kept or somebody says so."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from recognizers.clip import ClipSpec, Region
from streamer.build import address_of
from streamer.clock import Clock
from streamer.errors import ConfigError, SourceRejected, SourceUnavailable, TaktError
from streamer.frame import Frame
from streamer.labels.keeping import Order
from streamer.media.ring import PacketRing
from streamer.peers import Peers
from streamer.record.recorder import Recorder, Told
from streamer.settings import Settings, Stream, WhepSource, WhipSource
from streamer.sources.base import Demand, Need, Source
from streamer.sources.libav import LibavSource
from streamer.sources.observer import Unobserved
from streamer.sources.reconnect import Change, RetryPolicy, reconnecting
from streamer.sources.taps import Taps

MOST_BYTES = 128 << 20
"""Of coded pictures in memory."""
_KEY_FRAMES_S = 10.0
"""Kept besides what is asked for, since a clip begins at a key frame."""
WATCHED_FOR_TIME = Demand((Need(ClipSpec(frames=1, interval_s=0.04, hop_s=1.0, short_side_px=32), Region()),))
"""Pictures are decoded for their time alone."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants recorded."""

    stream: str
    watch: str
    label: str
    """Empty: none of the actions."""
    folder: Path
    pre_roll_s: float
    seconds: float
    count: int | None
    """None: as many as are marked, until told to stop."""
    by_hand: bool
    """Moments are marked by pressing Enter; otherwise clip follows clip."""
    group: str = ""
    """Who or what is recorded; empty: this session."""
    patience_s: float = 30.0
    """How long a camera may give no picture."""
    unmasked: bool = False
    """Pictures are kept as they came though masks or blur are set for others that are kept."""


async def record(settings: Settings, wish: Wish, clock: Clock, stop: asyncio.Event, told: Told) -> int:
    """Record until it is enough, or until `stop`; returns how many clips were kept.

    Raises:
        ConfigError: there is no such stream or watch, or its pictures are not to be kept as they come.
        SourceUnavailable, SourceRejected: the camera gives no picture.
        ClipUnwritable, NotKept: as `Recorder.record`.
    """
    section = _section(settings, wish)
    ring = PacketRing(wish.pre_roll_s + wish.seconds + _KEY_FRAMES_S, MOST_BYTES)
    source = _source(settings, section, clock, Taps(ring))
    epochs = count(int(clock.now()))
    order = _order(section, wish, wish.group or f"{wish.stream} {next(epochs)}")
    recorder, news = Recorder(order, ring, wish.pre_roll_s, wish.seconds, told), _News(told)

    async def next_epoch() -> int:
        return next(epochs)

    async def work() -> None:
        async with (
            aclosing(reconnecting(source, next_epoch, RetryPolicy(), clock, news.changed)) as frames,
            aclosing(_patient(frames, wish.patience_s, news)) as some,
        ):
            await recorder.record(some, wish.count, follow=not wish.by_hand)

    try:
        with _enter(recorder, told, wish.by_hand):
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(work())
                ending = tasks.create_task(_end(stop, working))
                working.add_done_callback(lambda _: ending.cancel())
    except* TaktError as errors:
        raise errors.exceptions[0] from None
    return recorder.kept


async def _end(stop: asyncio.Event, working: asyncio.Task[None]) -> None:
    await stop.wait()
    working.cancel()


class _News:
    """What became of the connection, for people."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._state = ""
        self.reason, self.detail = "stall", "the camera sends no picture"

    def changed(self, change: Change) -> None:
        """Raises SourceRejected where only a person can mend it: one is there."""
        if change.state == "rejected":
            raise SourceRejected(change.reason, change.detail)
        if change.state == "backoff":
            self.reason, self.detail = change.reason, change.detail
            if self._state != "backoff":
                self._told.problem(f"the camera is offline ({change.detail}); trying again")
        if change.state in {"live", "backoff"}:
            self._state = change.state


async def _patient(frames: AsyncIterator[Frame], patience_s: float, news: _News) -> AsyncGenerator[Frame, None]:
    """The frames; SourceUnavailable where none comes for too long."""
    while True:
        try:
            async with asyncio.timeout(patience_s):
                frame = await anext(frames)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise SourceUnavailable(news.reason, f"{news.detail}; no picture for {patience_s:g} s") from None
        yield frame


@contextmanager
def _enter(recorder: Recorder, told: Told, by_hand: bool) -> Iterator[None]:
    """Where a person is at the terminal, each Enter marks this moment, and Ctrl-D says that it was the last one."""
    if not by_hand:
        yield
        return
    loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()

    def pressed() -> None:
        if not os.read(terminal, 4096):
            loop.remove_reader(terminal)
            recorder.finish()
        elif problem := recorder.mark():
            told.problem(problem)

    loop.add_reader(terminal, pressed)
    try:
        yield
    finally:
        loop.remove_reader(terminal)


def _source(settings: Settings, section: Stream, clock: Clock, taps: Taps) -> Source:
    """Raises ConfigError where nobody can connect to it, or a secret cannot be read."""
    given = section.source
    if isinstance(given, WhipSource):
        words = f"--watch: publishers come to the running service, so that only it sees {section.id}"
        raise ConfigError([f"{words}; set labels.folder and name moments there (docs/teach.md)"])
    if isinstance(given, WhepSource):
        peers = Peers(settings.webrtc, clock, Unobserved(), lambda _: taps)
        return peers.source(section.id, given, WATCHED_FOR_TIME)
    return LibavSource(section.id, address_of(given), WATCHED_FOR_TIME, clock, taps=taps)


def _order(section: Stream, wish: Wish, group: str) -> Order:
    region = next(Region(*watch.region) for watch in section.watches if watch.id == wish.watch)
    return Order(wish.folder, wish.stream, wish.watch, wish.label, group, region=region, whole=not wish.by_hand)


def _section(settings: Settings, wish: Wish) -> Stream:
    """The stream, where it has that watch and may be recorded.

    Raises:
        ConfigError: it has not, or may not.
    """
    watches = [f"{stream.id}/{watch.id}" for stream in settings.streams for watch in stream.watches]
    if f"{wish.stream}/{wish.watch}" not in watches:
        raise ConfigError([f"--watch: there is no {wish.stream}/{wish.watch}; there are: {', '.join(watches)}"])
    section = next(stream for stream in settings.streams if stream.id == wish.stream)
    if (section.masks or section.blur != "none") and not wish.unmasked:
        words = "has masks or blur, which clips to teach with would not show"
        raise ConfigError([f"--watch: {wish.stream} {words}; say --unmasked if they may be kept as they come"])
    return section
