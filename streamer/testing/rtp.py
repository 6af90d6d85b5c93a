"""H.264 over RTP (RFC 6184) and RTCP sender reports (RFC 3550): bytes in, bytes out."""

from __future__ import annotations

import re
import struct
from base64 import b64encode
from dataclasses import dataclass

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96
_MTU = 1400
_NTP_FROM_UNIX_S = 2_208_988_800
_FU_A = 28
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One coded picture, cut into RTP payloads."""

    captured_at: float
    """Unix seconds."""
    payloads: tuple[bytes, ...]
    keyframe: bool


def split_annex_b(coded: bytes) -> list[bytes]:
    """NAL units of a byte stream, without start codes."""
    return [nal for nal in _START_CODE.split(coded) if nal]


def parameter_sets(nals: list[bytes]) -> tuple[bytes, bytes]:
    """The (SPS, PPS) among NAL units; ValueError without them."""
    by_type = {nal[0] & 31: nal for nal in nals}
    try:
        return by_type[7], by_type[8]
    except KeyError:
        raise ValueError("the coded picture carries no parameter sets") from None


def payloads(nals: list[bytes]) -> tuple[bytes, ...]:
    """RTP payloads of one picture: small units as they are, large ones in fragments (FU-A)."""
    cut: list[bytes] = []
    for nal in nals:
        if len(nal) <= _MTU:
            cut.append(nal)
            continue
        indicator, kind, body = (nal[0] & 0xE0) | _FU_A, nal[0] & 31, nal[1:]
        for start in range(0, len(body), _MTU):
            first, last = start == 0, start + _MTU >= len(body)
            header = (first << 7) | (last << 6) | kind
            cut.append(bytes((indicator, header)) + body[start : start + _MTU])
    return tuple(cut)


def rtp_time(unix_s: float) -> int:
    """The 32-bit RTP timestamp of a moment."""
    return int(unix_s * CLOCK_HZ) & 0xFFFF_FFFF


class Packetizer:
    """Numbers the packets of one client and frames them for its RTSP connection (RFC 2326, 10.12)."""

    def __init__(self, ssrc: int, channel: int = 0) -> None:
        self.shift_s = 0.0
        """Added to every timestamp: for cameras whose time jumps."""
        self.still = False
        """Repeat the last timestamp for ever: for cameras whose time stands still."""
        self._stamp = 0
        self._ssrc = ssrc
        self._channel = channel
        self._sequence = 0
        self._packets = self._octets = 0

    def interleaved(self, unit: AccessUnit) -> bytes:
        """All packets of one picture; the last carries the marker."""
        if not self.still:
            self._stamp = rtp_time(unit.captured_at + self.shift_s)
        parts: list[bytes] = []
        last = len(unit.payloads) - 1
        for number, payload in enumerate(unit.payloads):
            marked = PAYLOAD_TYPE | (0x80 if number == last else 0)
            parts.append(
                struct.pack(
                    ">BBHBBHII",
                    *(0x24, self._channel, 12 + len(payload)),
                    *(0x80, marked, self._sequence, self._stamp, self._ssrc),
                )
            )
            parts.append(payload)
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._octets += len(payload)
        self._packets += len(unit.payloads)
        return b"".join(parts)

    def sender_report(self, now_s: float) -> bytes:
        """Says which RTP timestamp belongs to which wall time (Unix seconds)."""
        ntp = int((now_s + _NTP_FROM_UNIX_S) * (1 << 32))
        stamp = rtp_time(now_s + self.shift_s)
        report = struct.pack(
            ">BBHIQIII", 0x80, 200, 6, self._ssrc, ntp, stamp, self._packets, self._octets & 0xFFFF_FFFF
        )
        return struct.pack(">BBH", 0x24, self._channel + 1, len(report)) + report


def session_description(sets: tuple[bytes, bytes]) -> str:
    """The SDP of a camera with one H.264 track."""
    sps, pps = sets
    sprop = f"{b64encode(sps).decode()},{b64encode(pps).decode()}"
    lines = (
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=camera",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        "a=control:*",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/{CLOCK_HZ}",
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1;profile-level-id={sps[1:4].hex()};sprop-parameter-sets={sprop}",
        "a=control:track0",
    )
    return "\r\n".join(lines) + "\r\n"
