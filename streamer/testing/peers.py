"""Peers of WebRTC that publish, or are asked for, what a test likes; on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aioice.ice
import av
from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCIceTransportPolicy
from av.bitstream import BitStreamFilterContext

from recognizers.clip import Picture
from streamer.clock import Clock, SystemClock
from streamer.exchange import Answer, Request, plain

Draw = Callable[[float], Picture]
"""The picture `(H, W, 3)` uint8 RGB of a second; of any size."""
_LOOPBACK = ["127.0.0.1"]


@contextmanager
def loopback_only() -> Iterator[None]:
    """aioice offers every address of the machine save this one: nothing shall leave it."""
    before = aioice.ice.get_host_addresses
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: _LOOPBACK
    try:
        yield
    finally:
        aioice.ice.get_host_addresses = before


class DrawnTrack(VideoStreamTrack):
    """Draws what it shows as time goes, and codes it as aiortc does (VP8, or H.264 where that is preferred)."""

    def __init__(self, draw: Draw) -> None:
        super().__init__()
        self._draw = draw
        self.paused = False
        """Nothing comes while this is so."""

    async def recv(self) -> av.VideoFrame:
        pts, time_base = await self.next_timestamp()
        while self.paused:
            await SystemClock().sleep(0.05)
        frame = av.VideoFrame.from_ndarray(self._draw(pts * float(time_base)), format="rgb24")
        frame.pts, frame.time_base = pts, time_base
        return frame


class FilmTrack(VideoStreamTrack):
    """The H.264 packets of a film as they are, at its pace and then again; a film of one picture is enough."""

    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._began_s: float | None = None
        self._sent = 0
        self._packets: list[tuple[float, bytes]] = []
        with av.open(str(path)) as film:
            stream = film.streams.video[0]
            to_annex_b, tick = BitStreamFilterContext("h264_mp4toannexb", stream), float(stream.time_base or 0)
            for packet in film.demux(stream):
                if packet.pts is not None:
                    at_s = packet.pts * tick
                    self._packets += [(at_s, bytes(part)) for part in to_annex_b.filter(packet)]
            self._period_s = self._packets[-1][0] + 1 / float(stream.average_rate or 25)

    async def recv(self) -> Any:
        turns, place = divmod(self._sent, len(self._packets))
        at_s, data = self._packets[place]
        at_s += turns * self._period_s
        if self._began_s is None:
            self._began_s = self._clock.monotonic() - at_s
        await self._clock.sleep(max(0.0, self._began_s + at_s - self._clock.monotonic()))
        if self.readyState != "live":
            raise MediaStreamError
        self._sent += 1
        packet = av.Packet(data)
        packet.pts, packet.time_base = round(at_s * 90_000), Fraction(1, 90_000)
        return packet


def prefer(connection: RTCPeerConnection, codec: str) -> None:
    """Offer video in this codec first."""
    for transceiver in connection.getTransceivers():
        if transceiver.kind == "video":
            codecs = [one for one in _codecs() if one.mimeType.lower() in (f"video/{codec}", "video/rtx")]
            transceiver.setCodecPreferences(codecs)


def _codecs() -> list[Any]:
    from aiortc import RTCRtpSender  # noqa: PLC0415

    return list(RTCRtpSender.getCapabilities("video").codecs)


@asynccontextmanager
async def peer(
    *tracks: Any, codec: str | None = None, ice: tuple[RTCIceServer, ...] = (), relay: bool = False
) -> AsyncIterator[RTCPeerConnection]:
    """A peer that sends these tracks once it has offered, or is asked for them."""
    policy = RTCIceTransportPolicy.RELAY if relay else RTCIceTransportPolicy.ALL
    connection = RTCPeerConnection(RTCConfiguration(iceServers=list(ice), iceTransportPolicy=policy))
    for track in tracks:
        connection.addTrack(track)
    if codec is not None:
        prefer(connection, codec)
    try:
        yield connection
    finally:
        await connection.close()


async def offered(connection: RTCPeerConnection) -> str:
    """Its offer, with all its addresses."""
    await connection.setLocalDescription(await connection.createOffer())
    return str(connection.localDescription.sdp)


async def answered(connection: RTCPeerConnection, answer: str) -> None:
    await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))


def vanish(connection: RTCPeerConnection) -> None:
    """Fall silent like a phone without a net: no BYE, no good-bye, no answer to anything."""
    for transceiver in connection.getTransceivers():
        ice = transceiver.sender.transport.transport._connection
        for protocol in ice._protocols:
            setattr(protocol.transport, "sendto", lambda *_: None)  # noqa: B010 (a method)
            setattr(protocol, "datagram_received", lambda *_: None)  # noqa: B010 (a method)


async def until(true: Callable[[], bool], within_s: float = 10.0) -> None:
    """Wait for something that comes with time. Raises TimeoutError."""
    async with asyncio.timeout(within_s):
        while not true():
            await SystemClock().sleep(0.01)


class WhepServer:
    """A site that plays tracks to whoever asks; see `streamer.exchange.Site`. As MediaMTX does, in little."""

    def __init__(self, track: Callable[[], Any], token: str | None = None) -> None:
        self._track, self._token = track, token
        self.sessions: dict[str, RTCPeerConnection] = {}
        self.ended: list[str] = []
        self.elsewhere: str | None = None
        """Where its sessions are said to be, instead of here."""
        self.says: Answer | None = None
        """Instead of what it would."""

    async def answer(self, request: Request) -> Answer:
        if self.says is not None:
            return self.says
        if self._token is not None and request.headers.get("authorization") != f"Bearer {self._token}":
            return plain(HTTPStatus.UNAUTHORIZED)
        if request.method == "DELETE":
            self.ended.append(request.path)
            await self.sessions.pop(request.path).close()
            return plain(HTTPStatus.OK)
        connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(self._track())
        await connection.setRemoteDescription(RTCSessionDescription((await request.body(1 << 16)).decode(), "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        where = f"/whep/session-{len(self.sessions) + len(self.ended)}"
        self.sessions[where] = connection
        headers = {"Content-Type": "application/sdp", "Location": self.elsewhere or where}
        return Answer(HTTPStatus.CREATED, headers, str(connection.localDescription.sdp).encode())

    async def close(self) -> None:
        for connection in self.sessions.values():
            await connection.close()
