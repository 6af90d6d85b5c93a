"""The door to FFmpeg: cameras, pages and files in, frames out. One thread decodes each stream."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
import traceback
from collections.abc import AsyncGenerator
from typing import cast

import av
import av.container
import av.error
import av.logging
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from recognizers.clip import Picture
from streamer.clock import Clock
from streamer.errors import RecordingBroken, SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.lookout import Lookout, LookoutOptions
from streamer.mailbox import Mailbox
from streamer.media.mp4 import Copier, coding_of
from streamer.media.packets import PacketTap
from streamer.sampling import Picker
from streamer.sources.address import Address
from streamer.sources.base import Demand
from streamer.sources.observer import SourceObserver, Unobserved
from streamer.sources.opening import (
    BAD_PACKETS,
    UNTIMED,
    decoded,
    open_video,
    packets,
    reported_offset,
    too_large,
    translated,
)
from streamer.sources.timestamps import CaptureTime, MediaTime, WallTime

_log = logging.getLogger(__name__)

_ROOM = 4
_REPORT_S = 1.0
_JOIN_S = 1.0
_CLOCK_SET_S = 30.0


class LibavSource:
    """Reads what FFmpeg can read. See `Source` for what it promises."""

    def __init__(
        self,
        stream: str,
        address: Address,
        demand: Demand,
        clock: Clock,
        observer: SourceObserver | None = None,
        tap: PacketTap | None = None,
        lookout: LookoutOptions | None = None,
    ) -> None:
        """`tap` takes the coded pictures, as they come and before they are decoded; `lookout`: when they show nothing,
        where somebody asks."""
        self._stream = stream
        self._address = address
        self._demand = demand
        self._clock = clock
        self._observer = observer or Unobserved()
        self._tap = tap
        self._sight = lookout
        self._stuck: list[threading.Thread] = []

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        """One attempt. See `Source.frames`."""
        loop = asyncio.get_running_loop()
        mailbox: Mailbox[Frame] = Mailbox(_ROOM, wait=self._address.loss_free)
        ended = asyncio.Event()
        attempt = _Attempt(self, epoch, mailbox)

        def decode() -> None:
            attempt.run()
            with contextlib.suppress(RuntimeError):  # the loop may be gone, and then nobody waits
                loop.call_soon_threadsafe(ended.set)

        thread = threading.Thread(target=decode, name=f"decode {self._stream}", daemon=True)
        watchdog = _Watchdog(loop, attempt)
        thread.start()
        reason = "closed"
        try:
            async for frame in mailbox:
                yield frame
            reason = "end"
        except (SourceUnavailable, SourceRejected) as error:
            reason = error.reason
            raise
        finally:
            watchdog.cancel()
            attempt.stop()
            self._observer.disconnected(self._stream, reason)
            await self._join(thread, ended)

    async def _join(self, thread: threading.Thread, ended: asyncio.Event) -> None:
        """Wait for the thread, but not longer than a second: one that is stuck in the library ends by the library's
        own timeouts, and is counted until then."""
        try:
            async with asyncio.timeout(_JOIN_S):
                await ended.wait()
            thread.join()  # it has said its last word
        except TimeoutError:
            self._stuck.append(thread)
        left = [stuck for stuck in self._stuck if stuck.is_alive()]
        if left or self._stuck:
            self._observer.thread_left(self._stream, len(left))
        self._stuck = left


class _Watchdog:
    """Ends an attempt that decodes no picture of a new time, whatever the socket does. Lives on the loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, attempt: _Attempt) -> None:
        self._loop = loop
        self._attempt = attempt
        self._call = loop.call_later(attempt.patience_s / 8, self._look)

    def cancel(self) -> None:
        self._call.cancel()

    def _look(self) -> None:
        if not self._attempt.end_if_stalled():
            self._call = self._loop.call_later(self._attempt.patience_s / 8, self._look)


class _Attempt:
    """One connection, on a thread of its own."""

    def __init__(self, source: LibavSource, epoch: int, mailbox: Mailbox[Frame]) -> None:
        self._stream = source._stream
        self._address = source._address
        self._live = source._address.live
        self._demand = source._demand
        self._clock = source._clock
        self._observer = source._observer
        self._tap = source._tap
        self._epoch = epoch
        self._mailbox = mailbox
        self._stopped = threading.Event()
        self._progress_s = self._clock.monotonic()
        self._connected = False
        self._media_time = MediaTime()
        self._wall_time = WallTime()
        self._capture_time = CaptureTime()
        self._picker = Picker(self._demand.intervals_s)
        self._scaler = _Scaler(self._demand)
        self._tally = _Tally(self._stream, self._observer, mailbox)
        self._lookout = None if source._sight is None else Lookout(source._sight)
        self._index = -1
        self._untimed = self._paced = self._told_clock_set = False
        self._began_s: float | None = None
        self._start_at = 0.0

    @property
    def patience_s(self) -> float:
        return self._address.stall_timeout_s

    def stop(self) -> None:
        self._stopped.set()
        self._mailbox.leave()

    def end_if_stalled(self) -> bool:
        """On the loop: whether the attempt is over because no new picture was decoded for too long."""
        if self._address.loss_free:
            return False  # the reader sets the pace and may take its time
        still_s = self._clock.monotonic() - self._progress_s
        if still_s < self.patience_s:
            return False
        self._stopped.set()
        words = f"no new picture from {self._address.shown} for {still_s:.0f} s"
        self._mailbox.close(SourceUnavailable("stall", words))
        return True

    def run(self) -> None:
        """The thread. Its every end closes the mailbox; nothing of the library's own texts passes."""
        error: Exception | None = None
        try:
            self._read()
            if self._address.live:
                error = SourceUnavailable("eof", f"{self._address.shown} ended the stream")
        except (SourceUnavailable, SourceRejected) as known:
            error = known
        except (av.error.FFmpegError, OSError, ValueError) as foreign:
            error = translated(foreign, self._address, connected=self._connected)
        except Exception as bug:
            # The message may quote an address with its password; the places in the code cannot.
            places = "".join(traceback.format_tb(bug.__traceback__))
            _log.error("stream %s: %s in the decode thread\n%s", self._stream, type(bug).__name__, places)
            error = SourceUnavailable("decode", f"{type(bug).__name__} while decoding {self._address.shown}")
        if isinstance(error, SourceUnavailable) and not self._live and self._index >= 0:
            error = RecordingBroken(error.reason, error.detail)
        if error is not None:
            error.__context__ = error.__cause__ = None
        self._tally.flush()
        self._mailbox.close(error)

    def _read(self) -> None:
        container, stream = open_video(self._address, self._clock)
        self._progress_s = self._clock.monotonic()
        try:
            self._untimed = container.format.name in UNTIMED
            self._paced = not self._untimed and self._address.kind != "rtsp"
            time_base = float(stream.time_base or 0)
            if time_base <= 0:
                raise SourceUnavailable("protocol", f"{self._address.shown} states no unit of time")
            copier = Copier(time_base)
            if self._tap is not None:
                self._tap.opened(self._epoch, coding_of(stream))
            bad = 0
            for packet in packets(container, stream, self._stopped):
                self._keep(packet, time_base, copier)
                pictures = decoded(packet)
                if pictures is None:
                    bad += 1
                    self._tally.drop("undecodable")
                    if bad >= BAD_PACKETS:
                        raise SourceUnavailable("decode", f"{bad} packets in a row cannot be decoded")
                    continue
                for picture in pictures:
                    bad = 0
                    if not self._take(picture, packet, time_base):
                        return
        finally:
            self._tally.read()
            container.close()

    def _keep(self, packet: Packet[VideoStream], time_base: float, copier: Copier) -> None:
        """Hand coded pictures to who keeps them; by the time of their arrival where they have none of their own."""
        if self._tap is None:
            return
        arrived = round(self._clock.monotonic() / time_base) if self._untimed else None
        for picture in copier.copied(packet, arrived):
            self._tap.keep(picture)

    def _take(self, picture: VideoFrame, packet: Packet[VideoStream], time_base: float) -> bool:
        """Count a decoded picture and hand it over if somebody needs it; False says stop."""
        now_s = self._clock.monotonic()
        self._scaler.check(picture, self._address)
        self._index += 1
        self._tally.count(now_s)
        pts_s = now_s if self._untimed else None if picture.pts is None else picture.pts * time_base
        media_s = self._media_time.advance(pts_s, now_s if self._live else None)
        if media_s is None:
            self._tally.drop("no_time" if pts_s is None else "out_of_order")
            return True
        if self._tap is not None and pts_s is not None and media_s == 0.0:
            self._tap.began(pts_s)
        self._progress_s = now_s  # here and not above: pictures whose time stands still are no progress
        if self._paced and not self._keep_pace(media_s):
            return False
        if not self._picker.wants(media_s):
            return True
        offset = reported_offset(packet, time_base) if self._live else None
        captured_at = self._captured_at(media_s, None if offset is None or pts_s is None else pts_s + offset)
        scaled = self._scaled(picture)
        blind = None if self._lookout is None else self._lookout.look(media_s, scaled)
        return self._mailbox.put(Frame(self._stream, self._epoch, self._index, captured_at, media_s, scaled, blind))

    def _scaled(self, picture: VideoFrame) -> Picture:
        self._tally.read()
        scaled = self._scaler.scale(picture)
        self._tally.scaled()
        return scaled

    def _captured_at(self, media_s: float, reported_at: float | None) -> float:
        if not self._live:
            if not self._connected:
                self._connected = True
                self._start_at = self._clock.now() if self._address.start_at is None else self._address.start_at
                self._observer.connected(self._stream, "arrival")
            return self._start_at + media_s
        before = self._capture_time.kind
        captured_at = self._capture_time.captured_at(media_s, self._arrived_at(), reported_at)
        if not self._connected or self._capture_time.kind != before:
            self._connected = True
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

    def _keep_pace(self, media_s: float) -> bool:
        """Files and HLS segments: wait until a camera would have sent the frame; False when stopped meanwhile."""
        if self._address.loss_free:
            return not self._stopped.is_set()
        if self._began_s is None:
            self._began_s = self._clock.monotonic() - media_s
        due_s = self._began_s + media_s
        self._progress_s = max(self._progress_s, due_s)  # waiting for a recorded gap to pass is no stall
        return not self._stopped.wait(max(0.0, due_s - self._clock.monotonic()))


class _Scaler:
    """Pictures at analysis size.

    The scaler stays in the camera's own planes and colour is made of the small picture: scaling straight to RGB
    takes FFmpeg's slow path and twice the time (measured: 226 and 109 µs from 640x360 to 200x112).
    """

    def __init__(self, demand: Demand) -> None:
        self._demand = demand
        self._shrink, self._colour = VideoReformatter(), VideoReformatter()
        self._camera: tuple[int, int] | None = None
        self._size = (0, 0)

    def check(self, picture: VideoFrame, address: Address) -> None:
        """A change of size ends the epoch; too many pixels end more than that."""
        camera = (picture.width, picture.height)
        if camera == self._camera:
            return
        if self._camera is not None:
            raise SourceUnavailable("changed", f"the picture changed from {self._camera} to {camera} pixels")
        if camera[0] * camera[1] > address.max_pixels:
            too_large(address, f"{camera[0]}x{camera[1]}")
        self._camera, self._size = camera, self._demand.analysis_size(*camera)

    def scale(self, picture: VideoFrame) -> Picture:
        """`(H, W, 3)` uint8 RGB, contiguous, of its own memory."""
        width, height = self._size
        # threads=1: the default starts as many scaler threads as there are cores, for every stream.
        small = self._shrink.reformat(
            picture, width=width, height=height, format="yuv420p", interpolation="AREA", threads=1
        )
        return cast(Picture, self._colour.reformat(small, format="rgb24", threads=1).to_ndarray())


class _Tally:
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
