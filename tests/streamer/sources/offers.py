"""Session descriptions as publishers write them, cut down to what matters."""

from __future__ import annotations

HEAD = "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
_ICE = "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\na=fingerprint:sha-256 " + ":".join(["AB"] * 32) + "\r\n"
VIDEO = (
    "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\na=sendonly\r\na=rtcp-mux\r\n"
    "a=setup:actpass\r\n"
    f"{_ICE}a=rtpmap:96 VP8/90000\r\na=rtpmap:97 H264/90000\r\n"
)
AUDIO = VIDEO.replace("m=video", "m=audio").replace("VP8", "opus").replace("a=mid:0", "a=mid:1")
DATA = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:2\r\n"
CANDIDATE = "a=candidate:1 1 udp 2130706431 192.0.2.7 50000 typ host\r\n"


def offer(*media: str) -> str:
    return HEAD + "".join(media)
