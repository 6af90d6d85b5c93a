"""What a media server really plays by WHEP, or why it does not and what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

from recognizers.clip import ClipSpec, Region
from streamer.clock import Clock, SystemClock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.frame import Frame
from streamer.media.packets import CodedPicture, Coding
from streamer.media.planes import Planes
from streamer.sources.base import Demand, Need
from streamer.sources.observer import Unobserved
from streamer.sources.peer_pictures import PeerLimits, PeerPictures
from streamer.sources.probe import ProbeReport
from streamer.sources.remedies import REMEDIES
from streamer.sources.signalling import Endpoint
from streamer.sources.taps import Taps
from streamer.sources.webrtc import IceOptions
from streamer.sources.whep import PulledSource

_REMEDIES = {
    **REMEDIES,
    "auth": "give the server's token as --token-file (of a stream: source.token_file)",
    "denied": "give a token that may play this stream",
    "not_found": "check the path (MediaMTX: /NAME/whep), and whether somebody publishes to it",
    "timeout": "let UDP through between here and the server, or name a STUN or TURN server (webrtc.ice_servers)",
    "tls": "give the server's certificate (or that of its authority) as ca_file",
    "stall": "the server answers and sends no pictures: check whether somebody publishes to it",
    "eof": "the server ended the stream: check whether somebody publishes to it, and how many it serves at once",
    "codec": "have the stream published as H.264 or VP8",
    "decode": "packets are lost on the way: check the network",
}
_WIDEST = 16384
_DEMAND = Demand((Need(ClipSpec(frames=1, interval_s=0.04, hop_s=1.0, short_side_px=32), Region()),))


async def probe_whep(
    endpoint: Endpoint, seconds: float = 5.0, clock: Clock | None = None, ice: IceOptions | None = None
) -> ProbeReport:
    """Ask for a session, look for `seconds` and say what came. Never raises for what a server does."""
    clock = clock or SystemClock()
    look, reason, detail = _Look(clock), "stall", f"{endpoint.shown} plays no picture"
    limits = PeerLimits(open_timeout_s=endpoint.timeout_s, stall_timeout_s=max(2.0, min(10.0, seconds)))
    pictures = PeerPictures("probe", limits, _DEMAND, clock, look, taps=Taps(look, look))
    source = PulledSource(pictures, ice or IceOptions(), endpoint)
    try:
        async with aclosing(source.frames(1)) as frames:
            if await look.follow(frames, seconds):
                return look.report(endpoint)
    except (SourceUnavailable, SourceRejected) as error:
        reason, detail = error.reason, error.detail
    return ProbeReport(endpoint.shown, "webrtc", reason=reason, detail=detail, advice=_REMEDIES.get(reason, ""))


class _Look(Unobserved):
    """What was seen so far: an observer and both taps of the decode thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began_s = clock, clock.monotonic()
        self._codec = self._dated_by = ""
        self._size = (0, 0)
        self._first_s: float | None = None
        self._arrivals: list[float] = []
        self._keys: list[float] = []

    async def follow(self, frames: AsyncIterator[Frame], seconds: float) -> bool:
        """Whether pictures came for so long."""
        async for _ in frames:
            now_s = self._clock.monotonic()
            self._first_s = self._first_s or now_s
            if now_s - self._first_s >= seconds:
                return True
        return False

    def connected(self, stream: str, clock: str) -> None:
        self._dated_by = clock

    def opened(self, epoch: int, coding: Coding) -> None:
        self._codec = coding.codec

    def keep(self, picture: CodedPicture) -> None:
        now_s = self._clock.monotonic()
        self._arrivals.append(now_s)
        if picture.is_key:
            self._keys.append(now_s)

    def began(self, origin_s: float) -> None:
        pass

    def dated(self, zero_at: float) -> None:
        pass

    def due(self, media_s: float) -> tuple[int, ...]:
        return () if self._size[0] else (_WIDEST,)

    def show(self, width: int, media_s: float, planes: Planes) -> None:
        rows, columns = planes.pixels.shape
        self._size = (columns, rows * 2 // 3)

    def report(self, endpoint: Endpoint) -> ProbeReport:
        times, keys = self._arrivals, self._keys
        span_s = times[-1] - times[0] if times else 0.0
        return ProbeReport(
            endpoint.shown,
            "webrtc",
            codec=self._codec,
            width=self._size[0],
            height=self._size[1],
            delivered_fps=(len(times) - 1) / span_s if span_s > 0 else None,
            keyframe_interval_s=(keys[-1] - keys[0]) / (len(keys) - 1) if len(keys) > 1 else None,
            time_source=self._dated_by,
            first_picture_s=None if self._first_s is None else self._first_s - self._began_s,
        )
