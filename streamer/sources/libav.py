"""The door to FFmpeg: cameras, pages and files in, frames out. One thread decodes each stream."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import AsyncGenerator
from contextlib import aclosing

import av
import av.container
import av.error
import av.logging
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from recognizers.clip import Picture
from streamer.clock import Clock
from streamer.errors import RecordingBroken, SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.lookout import Lookout, LookoutOptions
from streamer.mailbox import Mailbox
from streamer.media.mp4 import Copier, coding_of
from streamer.sampling import Picker
from streamer.sources.address import Address
from streamer.sources.base import Demand
from streamer.sources.decoding import DecodeThreads
from streamer.sources.intake import Dates, Scaler, Tally, Viewing
from streamer.sources.observer import SourceObserver, Unobserved
from streamer.sources.opening import (
    BAD_PACKETS,
    UNTIMED,
    decoded,
    open_video,
    packets,
    reported_offset,
    translated,
)
from streamer.sources.taps import NO_TAPS, Taps
from streamer.sources.timestamps import MediaTime

_log = logging.getLogger(__name__)

_ROOM = 4


class LibavSource:
    """Reads what FFmpeg can read. See `Source` for what it promises."""

    def __init__(
        self,
        stream: str,
        address: Address,
        demand: Demand,
        clock: Clock,
        observer: SourceObserver | None = None,
        taps: Taps = NO_TAPS,
        lookout: LookoutOptions | None = None,
    ) -> None:
        """`taps` take coded pictures, as they come and before they are decoded, and large ones; `lookout`: when they
        show nothing, where somebody asks."""
        self._stream = stream
        self._address = address
        self._demand = demand
        self._clock = clock
        self._observer = observer or Unobserved()
        self._taps = taps
        self._sight = lookout
        self._threads = DecodeThreads(stream, self._observer)

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        """One attempt. See `Source.frames`."""
        mailbox: Mailbox[Frame] = Mailbox(_ROOM, wait=self._address.loss_free)
        async with aclosing(self._threads.frames(_Attempt(self, epoch, mailbox), mailbox)) as frames:
            async for frame in frames:
                yield frame


class _Attempt:
    """One connection, on a thread of its own."""

    def __init__(self, source: LibavSource, epoch: int, mailbox: Mailbox[Frame]) -> None:
        self._stream = source._stream
        self._address = source._address
        self._live = source._address.live
        self._demand = source._demand
        self._clock = source._clock
        self._observer = source._observer
        self._tap = source._taps.packets
        self._epoch = epoch
        self._mailbox = mailbox
        self._stopped = threading.Event()
        self._progress_s = self._clock.monotonic()
        self._connected = False
        self._media_time = MediaTime()
        self._dates = Dates(self._stream, self._clock, self._observer)
        self._picker = Picker(self._demand.intervals_s)
        self._scaler = Scaler(self._demand, self._address.shown, self._address.max_pixels)
        self._tally = Tally(self._stream, self._observer, mailbox)
        self._viewing = Viewing(source._taps.view, self._tally)
        self._lookout = None if source._sight is None else Lookout(source._sight)
        self._index = -1
        self._untimed = self._paced = False
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
            error = translated(foreign, self._address, connected=self._connected or self._dates.connected)
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
        self._scaler.check(picture)
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
        self._viewing.show(picture, media_s)
        if not self._picker.wants(media_s):
            return True
        offset = reported_offset(packet, time_base) if self._live else None
        captured_at = self._captured_at(media_s, None if offset is None or pts_s is None else pts_s + offset)
        if self._tap is not None:
            self._tap.dated(captured_at - media_s)
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
        return self._dates.captured_at(media_s, reported_at)

    def _keep_pace(self, media_s: float) -> bool:
        """Files and HLS segments: wait until a camera would have sent the frame; False when stopped meanwhile."""
        if self._address.loss_free:
            return not self._stopped.is_set()
        if self._began_s is None:
            self._began_s = self._clock.monotonic() - media_s
        due_s = self._began_s + media_s
        self._progress_s = max(self._progress_s, due_s)  # waiting for a recorded gap to pass is no stall
        return not self._stopped.wait(max(0.0, due_s - self._clock.monotonic()))
