"""What a camera really delivers, or why it does not and what to do about it."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field

from streamer.clock import Clock, SystemClock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.mailbox import Mailbox
from streamer.sources.address import Address
from streamer.sources.opening import (
    BAD_PACKETS,
    UNTIMED,
    Packet,
    VideoStream,
    decoded,
    guarded,
    open_video,
    packets,
    reported_offset,
)
from streamer.sources.remedies import REMEDIES
from streamer.sources.timestamps import TRUST_S

_RECORDED = "this is a recording and ends: takt run would start it again and again"


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """One look at a stream. `reason` is empty when pictures came."""

    url: str
    """Without secrets."""
    transport: str
    """tcp or udp for RTSP, http or file."""
    codec: str = ""
    width: int = 0
    height: int = 0
    declared_fps: float | None = None
    """What the stream says about itself."""
    delivered_fps: float | None = None
    """What came (for files and HLS, which come in bursts: by their own time)."""
    keyframe_interval_s: float | None = None
    """Seconds between key frames; None if fewer than two came."""
    time_source: str = ""
    """rtcp (sender reports near our own time), rtcp, untrusted (they are off by more than 2 s), arrival or file."""
    clock_off_s: float | None = None
    """How far the camera's clock is ahead of ours, as its sender reports say; None without them."""
    first_picture_s: float | None = None
    """From connecting to the first picture."""
    reason: str = ""
    """One word, that of the error."""
    detail: str = ""
    advice: str = ""
    """What to do, or to know."""

    @property
    def ok(self) -> bool:
        return not self.reason


async def probe(where: str | Address, seconds: float = 5.0, clock: Clock | None = None) -> ProbeReport:
    """Connect, look for `seconds` and say what came. Never raises for what a camera does."""
    address = where if isinstance(where, Address) else Address(where)
    look = _Look(address, seconds, clock or SystemClock())
    mailbox: Mailbox[ProbeReport] = Mailbox(1)

    def run() -> None:
        try:
            with guarded(address):
                look.run()
        except (SourceUnavailable, SourceRejected) as error:
            mailbox.put(look.failed(error.reason, error.detail))
        else:
            mailbox.put(look.report())
        finally:
            mailbox.close()

    threading.Thread(target=run, name="probe", daemon=True).start()
    try:
        # The library's own timeouts strike within this; a camera that keeps the socket busy can outlast them.
        async with asyncio.timeout(address.open_timeout_s + seconds + 2 * address.read_timeout_s + 1.0):
            return await anext(mailbox)
    except TimeoutError:
        return look.failed("stall", f"{address.shown} keeps the connection busy and sends no picture")
    finally:
        look.stopped.set()
        mailbox.leave()


@dataclass(slots=True)
class _Look:
    """What was seen so far; written by the probing thread."""

    address: Address
    seconds: float
    clock: Clock
    stopped: threading.Event = field(default_factory=threading.Event)
    _codec: str = ""
    _declared: float | None = None
    _size: tuple[int, int] = (0, 0)
    _bursts: bool = False
    _recorded: bool = False
    _connecting_s: float = 0.0
    _arrivals: list[float] = field(default_factory=list)
    _media: list[float] = field(default_factory=list)
    _keys: list[float] = field(default_factory=list)
    _behind_s: float | None = None
    _bad: int = 0
    """Packets in a row that could not be decoded."""

    def run(self) -> None:
        self._connecting_s = self.clock.monotonic()
        container, stream = open_video(self.address, self.clock)
        try:
            self._describe(stream)
            self._bursts = self.address.kind != "rtsp" and container.format.name not in UNTIMED
            self._recorded = container.duration is not None
            time_base = float(stream.time_base or 0)
            for packet in packets(container, stream, self.stopped):
                now_s = self.clock.monotonic()
                self._note(packet, now_s, time_base)
                pictures = decoded(packet)
                self._bad = self._bad + 1 if pictures is None else 0
                if self._bad >= BAD_PACKETS:
                    raise SourceUnavailable("decode", f"{self.address.shown} sends what cannot be decoded")
                for picture in pictures or ():
                    self._size = (picture.width, picture.height)
                    self._arrivals.append(now_s)
                    if picture.pts is not None:
                        self._media.append(picture.pts * time_base)
                if self._arrivals and self._span_s() >= self.seconds:
                    return
        finally:
            container.close()
        if self.stopped.is_set():
            return
        if not self._arrivals or (self.address.live and not self._recorded):
            raise SourceUnavailable("eof", f"{self.address.shown} ended the stream")

    def _note(self, packet: Packet[VideoStream], now_s: float, time_base: float) -> None:
        """What a packet tells before it is decoded."""
        if packet.is_keyframe and not self._bursts:
            self._keys.append(now_s)
        elif packet.is_keyframe and packet.pts is not None:
            self._keys.append(packet.pts * time_base)
        offset = reported_offset(packet, time_base)
        if offset is not None and packet.pts is not None:
            self._behind_s = self.clock.now() - (packet.pts * time_base + offset)

    def _describe(self, stream: VideoStream) -> None:
        """Ask while the container is open: afterwards the library reads freed memory."""
        self._codec = stream.codec_context.name
        # The guess comes last: of a stream that states its rate in fields it is twice the pictures'.
        rate = stream.average_rate or stream.codec_context.framerate or stream.guessed_rate
        self._declared = float(rate) if rate else None

    @property
    def _times(self) -> list[float]:
        return self._media if self._bursts else self._arrivals

    def _span_s(self) -> float:
        times = self._times
        return times[-1] - times[0] if times else 0.0

    def failed(self, reason: str, detail: str) -> ProbeReport:
        return ProbeReport(
            self.address.shown, self._transport, reason=reason, detail=detail, advice=REMEDIES.get(reason, "")
        )

    def report(self) -> ProbeReport:
        span_s = self._span_s()
        times = self._times
        keys = self._keys
        return ProbeReport(
            self.address.shown,
            self._transport,
            codec=self._codec,
            width=self._size[0],
            height=self._size[1],
            declared_fps=self._declared,
            delivered_fps=(len(times) - 1) / span_s if span_s > 0 else None,
            keyframe_interval_s=(keys[-1] - keys[0]) / (len(keys) - 1) if len(keys) > 1 else None,
            time_source=self._time_source,
            clock_off_s=None if self._behind_s is None or not self.address.live else -self._behind_s,
            first_picture_s=self._arrivals[0] - self._connecting_s,
            advice=_RECORDED if self.address.live and self._recorded else "",
        )

    @property
    def _transport(self) -> str:
        return self.address.transport if self.address.kind == "rtsp" else self.address.kind

    @property
    def _time_source(self) -> str:
        if not self.address.live:
            return "file"
        if self._behind_s is None:
            return "arrival"
        return "rtcp" if abs(self._behind_s) <= TRUST_S else "rtcp, untrusted"
