"""Coded pictures of a WebRTC peer as frames: a decode thread as that of `libav`, for what FFmpeg did not fetch."""

from __future__ import annotations

import logging
import threading
import traceback
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import av.error
from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from streamer.clock import Clock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.lookout import Lookout, LookoutOptions
from streamer.mailbox import Mailbox
from streamer.media.packets import CodedPicture, Coding
from streamer.sampling import Picker
from streamer.sources.base import Demand
from streamer.sources.decoding import DecodeThreads
from streamer.sources.incoming import Incoming
from streamer.sources.intake import Dates, Scaler, Tally, Viewing, too_large
from streamer.sources.observer import SourceObserver, Unobserved
from streamer.sources.rtp_pictures import TICKS, Ticks, Unit
from streamer.sources.taps import NO_TAPS, Taps
from streamer.sources.timestamps import MediaTime

_log = logging.getLogger(__name__)

_ROOM = 4
_BAD_UNITS = 100
"""So many in a row that cannot be decoded are no accident."""


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """What is put up with from a peer."""

    open_timeout_s: float = 20.0
    """Until it is connected (ICE and DTLS)."""
    stall_timeout_s: float = 10.0
    """Without a decoded picture; WebRTC itself notices after half a minute that a peer vanished."""
    max_pixels: int = 16_777_216


class PeerPictures:
    """Decodes what peers of one stream bring, one at a time."""

    def __init__(
        self,
        stream: str,
        limits: PeerLimits,
        demand: Demand,
        clock: Clock,
        observer: SourceObserver | None = None,
        lookout: LookoutOptions | None = None,
        taps: Taps = NO_TAPS,
    ) -> None:
        """`lookout`: when pictures show nothing, where somebody asks. `taps` take coded and large ones."""
        self.stream, self.limits, self.demand, self.clock = stream, limits, demand, clock
        self.observer, self.lookout, self.taps = observer or Unobserved(), lookout, taps
        self._threads = DecodeThreads(stream, self.observer)

    async def frames(self, epoch: int, incoming: Incoming) -> AsyncGenerator[Frame, None]:
        """One attempt, as `Source.frames`. The track may go on in the next one, from a key frame."""
        incoming.begin()
        mailbox: Mailbox[Frame] = Mailbox(_ROOM)
        async with aclosing(self._threads.frames(_Attempt(self, epoch, mailbox, incoming), mailbox)) as frames:
            async for frame in frames:
                yield frame


class _Attempt:
    """See `streamer.sources.decoding.Attempt`."""

    def __init__(self, source: PeerPictures, epoch: int, mailbox: Mailbox[Frame], incoming: Incoming) -> None:
        self._stream, self._epoch, self._mailbox, self._incoming = source.stream, epoch, mailbox, incoming
        self._limits, self._clock = source.limits, source.clock
        self._shown = f"the peer of {source.stream}"
        self._stopped = threading.Event()
        self._progress_s = self._clock.monotonic()
        self._ticks, self._media_time = Ticks(), MediaTime()
        self._dates = Dates(source.stream, source.clock, source.observer)
        self._picker = Picker(source.demand.intervals_s)
        self._scaler = Scaler(source.demand, self._shown, source.limits.max_pixels, follows=True)
        self._tally = Tally(source.stream, source.observer, mailbox)
        self._lookout = None if source.lookout is None else Lookout(source.lookout)
        self._tap, self._viewing = source.taps.packets, Viewing(source.taps.view, self._tally)
        self._observer = source.observer
        self._origin_s: float | None = None
        self._index = -1

    @property
    def patience_s(self) -> float:
        return self._limits.stall_timeout_s

    def stop(self) -> None:
        self._stopped.set()
        self._mailbox.leave()
        self._incoming.wake()

    def end_if_stalled(self) -> bool:
        still_s = self._clock.monotonic() - self._progress_s
        if still_s < self.patience_s:
            return False
        self._mailbox.close(SourceUnavailable("stall", f"no new picture from {self._shown} for {still_s:.0f} s"))
        return True

    def run(self) -> None:
        error: Exception | None = None
        try:
            self._read()
        except (SourceUnavailable, SourceRejected) as known:
            error = known
        except Exception as bug:
            # Of aiortc's own decode thread nothing would be heard any more.
            places = "".join(traceback.format_tb(bug.__traceback__))
            _log.error("stream %s: %s in the decode thread\n%s", self._stream, type(bug).__name__, places)
            error = SourceUnavailable("decode", f"{type(bug).__name__} while decoding {self._shown}")
        if error is not None:
            error.__context__ = error.__cause__ = None
        self._tally.flush()
        self._tell_of_losses()
        self._mailbox.close(error)

    def _read(self) -> None:
        decoder: UnitDecoder | None = None
        bad = 0
        while (unit := self._incoming.take_unit(self._stopped)) is not None:
            if decoder is None or decoder.codec != unit.codec:
                decoder = UnitDecoder(unit.codec, self._limits.max_pixels, self._shown)
                self._open_tap(unit.codec)
            ticks = self._ticks.unwrapped(unit.ticks)
            if self._tap is not None:
                self._tap.keep(CodedPicture(unit.data, ticks, None, unit.is_key))
            pictures = decoder.decoded(unit, ticks)
            if pictures is None:
                bad += 1
                self._tally.drop("undecodable")
                if bad >= _BAD_UNITS:
                    raise SourceUnavailable("decode", f"{bad} pictures in a row of {self._shown} cannot be decoded")
                self._incoming.lose()
                continue
            for picture in pictures:
                bad = 0
                if not self._take(picture):
                    return

    def _open_tap(self, codec: str) -> None:
        """A peer may change its codec within an epoch: what came before cannot be kept with what comes."""
        if self._tap is not None:
            self._tap.opened(self._epoch, Coding(codec, Fraction(1, TICKS), None))
            if self._origin_s is not None:
                self._tap.began(self._origin_s)

    def _take(self, picture: VideoFrame) -> bool:
        """Count a decoded picture and hand it over if somebody needs it; False says stop."""
        now_s = self._clock.monotonic()
        self._scaler.check(picture)
        self._index += 1
        self._tally.count(now_s)
        self._tell_of_losses()
        pts_s = None if picture.pts is None else picture.pts / TICKS
        media_s = self._media_time.advance(pts_s, now_s)
        if media_s is None or pts_s is None:
            self._tally.drop("no_time" if pts_s is None else "out_of_order")
            return True
        self._progress_s = now_s
        if self._tap is not None and self._origin_s is None:
            self._origin_s = pts_s
            self._tap.began(pts_s)
        self._viewing.show(picture, media_s)
        if not self._picker.wants(media_s):
            return True
        captured_at = self._dates.captured_at(media_s, self._reported_at(pts_s))
        if self._tap is not None:
            self._tap.dated(captured_at - media_s)
        self._tally.read()
        scaled = self._scaler.scale(picture)
        self._tally.scaled()
        blind = None if self._lookout is None else self._lookout.look(media_s, scaled)
        return self._mailbox.put(Frame(self._stream, self._epoch, self._index, captured_at, media_s, scaled, blind))

    def _tell_of_losses(self) -> None:
        if any(lost := self._incoming.losses()):
            self._observer.peer_lost(self._stream, *lost)

    def _reported_at(self, pts_s: float) -> float | None:
        """When the sender says that it was taken."""
        report = self._incoming.report
        return None if report is None else report.at + pts_s - self._ticks.near(report.ticks) / TICKS


class UnitDecoder:
    """FFmpeg's decoder of one codec, one thread, one picture in and one out."""

    def __init__(self, codec: str, max_pixels: int, shown: str) -> None:
        self.codec, self._max_pixels, self._shown = codec, max_pixels, shown
        self._context = cast(VideoCodecContext, CodecContext.create(codec, "r"))
        self._context.thread_count = 1
        self._context.flags |= Flags.low_delay
        self._context.options = {"max_pixels": str(max_pixels)}

    def decoded(self, unit: Unit, ticks: int) -> list[VideoFrame] | None:
        """A unit's pictures, dated `ticks`; None where it cannot be decoded.

        Raises:
            SourceRejected: `too_large`.
        """
        packet = Packet(unit.data)
        packet.pts = ticks
        try:
            return self._context.decode(packet)
        except av.error.FFmpegError:
            context = self._context
            known = _vp8_size(unit.data) if unit.codec == "vp8" and unit.is_key else (context.width, context.height)
            width, height = known
            if width * height > self._max_pixels:
                raise too_large(self._shown, f"{width}x{height}") from None
            return None


def _vp8_size(data: bytes) -> tuple[int, int]:
    """What the head of a key frame states (RFC 6386 9.1): FFmpeg keeps no size that it refuses."""
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
    return width, height
