"""The door to aiortc: one peer, one video track, its packets into an `Incoming`. Lives on the event loop.

Only ICE, DTLS, SRTP and RTCP are aiortc's. Its own way from packets to pictures is not taken: its queues are unbounded,
a decoder that fails in another way than FFmpeg's leaves a track that is silent for ever, and its `stop` waits for that
thread on the loop. What is reached into is named in `_INSIDES`, and a test tells when it is no longer there.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from streamer.clock import Clock
from streamer.errors import OfferRefused, SourceUnavailable
from streamer.sources.incoming import Incoming, SenderReport
from streamer.sources.rtp_pictures import Packet
from streamer.sources.sdp import is_reachable

try:
    import aioice.ice
    from aiortc import RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
    from aiortc.rtcconfiguration import RTCBundlePolicy, RTCIceTransportPolicy
    from aiortc.rtp import RtcpSrPacket
    from aiortc.sdp import candidate_from_sdp
except ImportError:
    HAS_AIORTC = False
else:
    HAS_AIORTC = True
    _addresses = aioice.ice.get_host_addresses

    def _or_loopback(use_ipv4: bool, use_ipv6: bool) -> list[str]:
        """aioice never offers loopback: on a machine without a net, its own browser could not publish."""
        return _addresses(use_ipv4, use_ipv6) or ["127.0.0.1"]

    aioice.ice.get_host_addresses = _or_loopback

_log = logging.getLogger(__name__)

_CLOSE_S = 2.0
_GATHER_S = 8.0
"""STUN and TURN servers are waited for by aioice for five."""
_WAITING_PACKETS = 2048
"""That came and were not looked at yet; in front of DTLS, so from anybody who sends to the port."""
_SOCKET_BYTES = 4 << 20
"""As far as the kernel allows (net.core.rmem_max)."""
_SENDERS = 8
"""Sources (SSRCs) that a peer may use in a session: a browser that begins anew takes another one."""
_SILENT_S = 2.0
"""A source that says nothing for so long gives way to another one."""
_NTP_EPOCH_S = 2_208_988_800
_INSIDES = ("codecs", "decoder_queue", "decoder_thread", "jitter_buffer")
_OF_RECEIVER = "_RTCRtpReceiver__"
MISSING = "WebRTC needs aiortc: pip install 'taktstream[webrtc]'"

# Their lines quote addresses and session descriptions, and every fault of a stranger's is a warning to them.
for _name in ("aiortc", "aioice"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class IceServer:
    """A STUN or TURN server."""

    url: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class IceOptions:
    """How a way to peers is found."""

    servers: tuple[IceServer, ...] = ()
    """The first of each kind is used. None: peers must reach this machine, or it them."""
    policy: Literal["all", "relay"] = "all"
    """relay: only by way of the TURN server."""


class Peer:
    """One connection. Closed, it is over: another one is another peer."""

    def __init__(self, ice: IceOptions, clock: Clock) -> None:
        self.incoming = Incoming(clock)
        self._clock = clock
        self._connected = asyncio.Event()
        servers = [RTCIceServer(one.url, one.username, one.password) for one in ice.servers]
        self._connection = RTCPeerConnection(
            RTCConfiguration(
                iceServers=servers,  # None would be a public server of Google's
                bundlePolicy=RTCBundlePolicy.MAX_BUNDLE,
                iceTransportPolicy=RTCIceTransportPolicy(ice.policy),
            )
        )
        self._connection.on("connectionstatechange", self._changed)

    async def answer(self, offer: str) -> str:
        """The answer to an offer that `checked_offer` let through. Sound is declined.

        Raises:
            OfferRefused: aiortc cannot take it.
        """
        try:
            async with asyncio.timeout(_GATHER_S):
                await self._connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
                for transceiver in self._connection.getTransceivers():
                    if transceiver.kind == "video":
                        transceiver.direction = "recvonly"
                        self._take_over(transceiver.receiver)
                    else:
                        transceiver.direction = "inactive"
                await self._connection.setLocalDescription(await self._connection.createAnswer())
                self._make_room()
        except Exception as error:  # it fails in every way there is on what strangers write
            raise OfferRefused(f"it cannot be answered ({type(error).__name__})", malformed=True) from None
        return str(self._connection.localDescription.sdp)

    async def offer(self) -> str:
        """Ask for video, where the other side answers.

        Raises:
            SourceUnavailable: `timeout`: no address of this machine was found in time.
        """
        try:
            async with asyncio.timeout(_GATHER_S):
                transceiver = self._connection.addTransceiver("video", direction="recvonly")
                self._take_over(transceiver.receiver)
                await self._connection.setLocalDescription(await self._connection.createOffer())
                self._make_room()
        except TimeoutError:
            raise SourceUnavailable("timeout", "no address of this machine was found in time") from None
        return str(self._connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        """The other side's answer to `offer`.

        Raises:
            OfferRefused: it is none.
        """
        try:
            async with asyncio.timeout(_GATHER_S):
                await self._connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        except Exception as error:  # as above
            raise OfferRefused(f"it is no answer ({type(error).__name__})", malformed=True) from None

    async def add_candidates(self, lines: Sequence[str]) -> None:
        """More addresses of the peer, as `a=candidate:` lines; those that cannot be used are left out."""
        for line in lines:
            if not is_reachable(line):
                continue
            try:
                candidate = candidate_from_sdp(line.partition("candidate:")[2])
            except Exception:  # as above
                _log.debug("a candidate that is none")
                continue
            candidate.sdpMLineIndex = self._connection.getTransceivers()[0]._get_mline_index()
            await self._connection.addIceCandidate(candidate)

    async def connected(self, within_s: float) -> None:
        """Wait for ICE and DTLS.

        Raises:
            SourceUnavailable: `timeout`: they did not end in time.
        """
        try:
            async with asyncio.timeout(within_s):
                await self._connected.wait()
        except TimeoutError:
            words = f"the peer did not connect within {within_s:g} s: is UDP let through, or a TURN server needed?"
            raise SourceUnavailable("timeout", words) from None

    async def close(self) -> None:
        """Say good-bye. Returns within moments, whatever the peer does."""
        self.incoming.close(SourceUnavailable("eof", "the session was ended"))
        self._connected.set()  # whoever waits shall see that it is over
        # aiortc may be closing it already, and whoever is cancelled while waiting for that breaks it.
        try:
            async with asyncio.timeout(_CLOSE_S):
                await asyncio.shield(self._connection.close())
        except TimeoutError:
            _log.debug("a peer connection did not close in time")

    def _changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._connected.set()
        elif state in ("failed", "closed"):
            words = "the peer left" if self._connected.is_set() else "no way to the peer was found"
            self.incoming.close(SourceUnavailable("eof" if self._connected.is_set() else "timeout", words))
            self._connected.set()

    def _make_room(self) -> None:
        """A key frame comes at once, and must fit into the sockets until the loop takes it."""
        for transceiver in self._connection.getTransceivers():
            for protocol in transceiver.receiver.transport.transport._connection._protocols:
                plug = protocol.transport.get_extra_info("socket")
                if plug is not None:  # a relayed one has its own
                    plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SOCKET_BYTES)

    def _take_over(self, receiver: Any) -> None:
        """Packets to `incoming`, in the place of aiortc's buffer, decode thread and queues."""
        for name in _INSIDES:
            if not hasattr(receiver, _OF_RECEIVER + name):
                raise RuntimeError(f"aiortc has no {name} any more")
        take = _Packets(self.incoming, getattr(receiver, _OF_RECEIVER + "codecs"), self._clock)
        receiver._RTCRtpReceiver__jitter_buffer = take
        receiver._RTCRtpReceiver__decoder_queue = _NoDecoder(self.incoming)
        receiver._handle_rtp_packet = _Guard(receiver._handle_rtp_packet).take
        receiver._handle_rtcp_packet = _Reports(receiver._handle_rtcp_packet, self.incoming, take).take
        ice = receiver.transport.transport._connection
        ice._queue = _Newest(_WAITING_PACKETS)


class _Newest(asyncio.Queue[Any]):
    """Of datagrams: those that find it full are lost, as UDP may; its end (None) is not."""

    def put_nowait(self, item: Any) -> None:
        if self.full():
            if item is not None:
                return
            self.get_nowait()
        super().put_nowait(item)


class _NoDecoder:
    """Stands where aiortc queues pictures for its decode thread: that ends at once, so nobody waits for it later.
    What is still put here is the end (BYE, DTLS closed, stopped)."""

    def __init__(self, incoming: Incoming) -> None:
        self._incoming = incoming

    def get(self) -> None:
        return None

    def put(self, item: object) -> None:
        self._incoming.close(SourceUnavailable("eof", "the peer ended its track"))


class _Packets:
    """Stands where aiortc has its jitter buffer. The first source is listened to; another one when it fell silent."""

    def __init__(self, incoming: Incoming, codecs: dict[int, Any], clock: Clock) -> None:
        self._incoming, self._codecs, self._clock = incoming, codecs, clock
        self._heard_s = 0.0
        self.source: int | None = None

    def add(self, packet: Any) -> tuple[bool, None]:
        """Whether a picture was lost (PLI); and never a picture."""
        now_s = self._clock.monotonic()
        if packet.ssrc != self.source:
            if self.source is not None and now_s - self._heard_s < _SILENT_S:
                return False, None
            if self.source is not None:
                self._incoming.renew()
            self.source = packet.ssrc
        self._heard_s = now_s
        codec = self._codecs[packet.payload_type].name.lower()
        taken = Packet(packet.sequence_number, packet.timestamp, bool(packet.marker), codec, packet._data)
        return self._incoming.take_packet(taken), None


class _Guard:
    """aiortc remembers every source that it ever hears of."""

    def __init__(self, take: Any) -> None:
        self._take = take
        self._sources: set[int] = set()

    async def take(self, packet: Any, arrival_time_ms: int) -> None:
        if packet.ssrc not in self._sources:
            if len(self._sources) >= _SENDERS:
                return
            self._sources.add(packet.ssrc)
        await self._take(packet, arrival_time_ms=arrival_time_ms)


class _Reports:
    def __init__(self, take: Any, incoming: Incoming, packets: _Packets) -> None:
        self._take, self._incoming, self._packets = take, incoming, packets

    async def take(self, packet: Any) -> None:
        if isinstance(packet, RtcpSrPacket) and packet.ssrc == self._packets.source:
            info = packet.sender_info
            at = info.ntp_timestamp / 2**32 - _NTP_EPOCH_S
            self._incoming.report = SenderReport(at, info.rtp_timestamp)
        await self._take(packet)
