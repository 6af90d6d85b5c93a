"""How FFmpeg opens a stream safely, and what its errors mean. Second leaf of the door in `libav`."""

from __future__ import annotations

import errno
import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import urlsplit

import av
import av.container
import av.error
import av.logging
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from streamer.clock import Clock
from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.address import Address
from streamer.sources.intake import too_large
from streamer.sources.redact import with_credentials
from streamer.sources.redirect import refuse_redirect

# FFmpeg's own lines quote addresses with their passwords.
av.logging.set_level(None)

_CODECS = "h264,hevc,av1,libdav1d,vp8,vp9,libvpx,libvpx-vp9,mjpeg,mpeg4,mpeg2video"
# By default FFmpeg would play a text file as video (`tty`) and follow `concat:` to any file.
_FORMATS = {
    "rtsp": "rtsp,rtp,sdp",
    "http": "hls,mpjpeg,mpegts,mjpeg,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,flv",
    "file": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,flv,h264,hevc,ivf,obu",
}
_PROTOCOLS = {
    "rtsp": "rtsp,rtsps,rtp,srtp,udp,tcp,tls",
    "http": "http,https,tcp,tls,crypto,hls",
    "file": "file",
}
UNTIMED = {"mpjpeg", "mjpeg"}
"""Formats whose timestamps FFmpeg invents from a nominal rate: arrival is the better clock."""
BAD_PACKETS = 100
"""So many in a row that cannot be decoded are no accident."""
__all__ = [
    "BAD_PACKETS",
    "UNTIMED",
    "Packet",
    "VideoStream",
    "decoded",
    "guarded",
    "open_video",
    "packets",
    "reported_offset",
    "translated",
]

Opened = tuple[av.container.InputContainer, VideoStream]


def open_video(address: Address, clock: Clock) -> Opened:
    """Connect, choose the first video stream and set its decoder's limits. Blocks; call from a thread.

    Raises:
        SourceUnavailable, SourceRejected: and the library's own errors, for `translated`.
    """
    url = with_credentials(address.url, address.credentials_file)
    if address.kind == "file":
        url = "file:" + url.removeprefix("file://")
    elif address.kind == "rtsp":
        refuse_redirect(address, clock)
    try:
        container = av.open(
            url,
            format="rtsp" if address.kind == "rtsp" else None,
            options=_options(address),
            timeout=(address.open_timeout_s, address.read_timeout_s),
        )
    except av.error.ArgumentError:
        if not _hls_is_unsafe(address):
            raise
        words = "is no single stream: HLS over https is refused, since FFmpeg would not verify what the playlist names"
        raise SourceRejected("tls", f"{address.shown} {words}; tls_verify: false accepts that") from None
    try:
        if not container.streams.video:
            raise SourceRejected("no_video", f"{address.shown} offers no video")
        stream = container.streams.video[0]
        _set_limits(stream, address)
    except BaseException:
        container.close()
        raise
    return container, stream


def packets(
    container: av.container.InputContainer, stream: VideoStream, stopped: threading.Event
) -> Iterator[Packet[VideoStream]]:
    """The stream's packets, until `stopped`.

    All streams are read: asked for one alone, the library would wait for it for ever while sound keeps coming
    (its timeout begins anew with every packet), and nobody could stop it.
    """
    for packet in container.demux():
        if stopped.is_set():
            return
        if packet.stream_index == stream.index:
            yield cast("Packet[VideoStream]", packet)


def decoded(packet: Packet[VideoStream]) -> list[VideoFrame] | None:
    """A packet's pictures; None where it cannot be decoded, as up to the next key frame of a stream that is joined in
    the middle."""
    try:
        return packet.decode()
    except av.error.InvalidDataError:
        return None


def _hls_is_unsafe(address: Address) -> bool:
    """FFmpeg verifies the playlist's certificate when it is first read, and that of no segment and no later reading."""
    return address.tls_verify and address.url.lower().startswith("https:")


def _options(address: Address) -> dict[str, str]:
    formats = _FORMATS[address.kind]
    options = {
        "protocol_whitelist": _PROTOCOLS[address.kind],
        "format_whitelist": formats.removeprefix("hls,") if _hls_is_unsafe(address) else formats,
        "codec_whitelist": _CODECS,
        "max_pixels": str(address.max_pixels),
    }
    if address.kind == "rtsp":
        # No probing, since the SDP says what comes. `fflags=nobuffer` is left out on purpose: it throws away what
        # was read at opening, the first key frame among it, and saves no time once that is handed out.
        options |= {
            "rtsp_transport": address.transport,
            "allowed_media_types": "video",
            "analyzeduration": "0",
            "probesize": "32",
        }
    if address.kind != "file":
        options["tls_verify"] = "1" if address.tls_verify else "0"
        if address.ca_file is not None:
            options["ca_file"] = str(address.ca_file)
    return options


def _set_limits(stream: VideoStream, address: Address) -> None:
    context = stream.codec_context
    if context is None:
        raise SourceRejected("codec", f"{address.shown} is coded in a way that is not supported")
    if context.width * context.height > address.max_pixels:
        raise too_large(address.shown, f"{context.width}x{context.height}")
    # The library forgets the option of the same name given at opening.
    context.options = {"max_pixels": str(address.max_pixels)}
    context.thread_count = 1  # streams are many; threads for one picture would only cost latency


def reported_offset(packet: Packet[VideoStream], time_base: float) -> float | None:
    """Unix seconds minus stream seconds by the camera's sender reports, once there was one.

    FFmpeg turns RTCP into a producer reference time (microseconds) on every packet.
    """
    if packet.pts is None or not packet.has_sidedata("prft"):
        return None
    (wallclock_us,) = struct.unpack_from("<q", bytes(packet.get_sidedata("prft")))
    return float(wallclock_us) / 1e6 - packet.pts * time_base


@contextmanager
def guarded(address: Address) -> Iterator[None]:
    """Nothing of the library's own errors passes: what is raised inside comes out in the service's words.

    Raises:
        SourceUnavailable, SourceRejected: without cause or context.
    """
    failure: Exception
    try:
        yield
        return
    except (SourceUnavailable, SourceRejected) as known:
        failure = known
    except (av.error.FFmpegError, OSError, ValueError) as foreign:
        failure = translated(foreign, address, connected=False)
    failure.__context__ = failure.__cause__ = None
    raise failure


_REJECTED: tuple[tuple[type[Exception], str, str], ...] = (
    (av.error.HTTPUnauthorizedError, "auth", "refused the user name or password (401)"),
    (av.error.HTTPForbiddenError, "denied", "forbids access (403)"),
    (av.error.HTTPNotFoundError, "not_found", "does not exist (404): check the path"),
    (FileNotFoundError, "not_found", "does not exist: check the path"),
    (PermissionError, "denied", "may not be read: check its permissions"),
    (IsADirectoryError, "not_video", "is a folder"),
    (av.error.DecoderNotFoundError, "codec", "is coded in a way that is not supported"),
)
_UNAVAILABLE: tuple[tuple[type[Exception], str, str], ...] = (
    (ConnectionRefusedError, "refused", "refused the connection: is it running, and is the port right?"),
    (ConnectionError, "protocol", "broke the connection"),
    (TimeoutError, "timeout", "did not answer in time"),
    (av.error.ExitError, "timeout", "fell silent"),
    (av.error.HTTPServerError, "protocol", "answered with an error of its own (5xx)"),
    (av.error.EOFError, "eof", "ended the stream"),
)


def translated(error: Exception, address: Address, *, connected: bool) -> SourceUnavailable | SourceRejected:
    """The library's error in the service's words. Its text is never passed on: it quotes the password."""
    shown = address.shown
    for kind, reason, words in _REJECTED:
        if isinstance(error, kind):
            return SourceRejected(reason, f"{shown} {words}")
    for kind, reason, words in _UNAVAILABLE:
        if isinstance(error, kind):
            return SourceUnavailable(reason, f"{shown} {words}")
    if address.kind == "file":
        return SourceRejected("not_video", f"{shown} is not a video that can be read")
    if isinstance(error, av.error.InvalidDataError):
        # Also what the library says when its own timeout struck while it was connecting.
        reason, words = (
            ("decode", "sends what cannot be decoded") if connected else ("timeout", "gave no usable answer")
        )
        return SourceUnavailable(reason, f"{shown} {words}")
    if isinstance(error, OSError):
        return _network_trouble(error, address, connected)
    return SourceUnavailable("protocol", f"{shown} does not speak as it should ({type(error).__name__})")


def _network_trouble(error: OSError, address: Address, connected: bool) -> SourceUnavailable | SourceRejected:
    """What is behind an error without a name: an unknown host, a certificate, or the network."""
    if connected and error.errno == errno.EIO:
        return SourceUnavailable("timeout", f"{address.shown} sent no picture any more")
    try:
        parts = urlsplit(address.url)
        socket.getaddrinfo(parts.hostname, parts.port or 554)
    except (OSError, ValueError, UnicodeError):
        return SourceUnavailable("dns", f"{address.shown}: the host's name is not known")
    if parts.scheme.lower() in {"rtsps", "https"} and error.errno == errno.EIO:
        return SourceRejected("tls", f"{address.shown}: no trusted TLS connection; give its certificate as ca_file")
    return SourceUnavailable("protocol", f"{address.shown} cannot be reached ({os.strerror(error.errno or errno.EIO)})")
