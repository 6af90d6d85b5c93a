"""Asks a camera, before FFmpeg does, whether it sends its viewers elsewhere."""

from __future__ import annotations

import re
import socket
import ssl
from urllib.parse import SplitResult, urljoin, urlsplit

from streamer.clock import Clock
from streamer.errors import SourceRejected
from streamer.sources.address import Address
from streamer.sources.redact import redact

_PORTS = {"rtsp": 554, "rtsps": 322}
_MOST_BYTES = 65_536
_HOPS = 5
_MOVED = re.compile(rb"^RTSP/1\.\d 3\d\d[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*?location:[ \t]*([^\r\n]+)", re.IGNORECASE)


def refuse_redirect(address: Address, clock: Clock) -> None:
    """Ask for the stream's description without a login. Blocks for `open_timeout_s` at most.

    FFmpeg follows an RTSP redirect to any host and repeats the login there, as Basic if that host likes; no option
    and no list of protocols stops it. So each attempt costs the camera one connection more, which is closed before
    the next is opened and takes no viewer's place, since it sets nothing up.

    A camera that redirects only those who have logged in is not caught. Asking with the login would be one more
    failed attempt for every wrong password, and cameras lock accounts; and a camera that is hostile itself can ask
    for Basic without any redirect.

    Raises:
        SourceRejected: `denied`: the camera redirects to another host or port.
        OSError: no connection, or no answer in time. Whatever else is odd is left to FFmpeg.
    """
    until_s = clock.monotonic() + address.open_timeout_s
    url = address.url
    home = _place(urlsplit(url))
    for _ in range(_HOPS):
        target = _target(url, address, clock, until_s)
        if target is None:
            return
        url = urljoin(url, target)
        if _place(urlsplit(url)) != home:
            words = f"{address.shown} redirects to {redact(url)}; if that is right, give that address itself"
            raise SourceRejected("denied", words)
    raise SourceRejected("denied", f"{address.shown} redirects for ever")


def _place(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme, 0)


def _target(url: str, address: Address, clock: Clock, until_s: float) -> str | None:
    """Where the camera redirects to, if it does."""
    parts = urlsplit(url)
    _, host, port = _place(parts)
    if not host:
        return None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    with socket.create_connection((host, port), _left_s(clock, until_s)) as plain:
        try:
            with _secured(plain, address, host) if parts.scheme == "rtsps" else plain as plug:
                for number, method in enumerate(("OPTIONS", "DESCRIBE"), start=1):  # as FFmpeg asks
                    plug.sendall(f"{method} {bare} RTSP/1.0\r\nCSeq: {number}\r\n\r\n".encode())
                    head = _head(plug, clock, until_s)
        except TimeoutError:
            raise
        except OSError:
            return None  # among them a certificate that is not trusted: FFmpeg will say so
    moved = _MOVED.match(head)
    return moved[1].decode("utf-8", "replace").strip() if moved else None


def _head(plug: socket.socket, clock: Clock, until_s: float) -> bytes:
    """An answer up to the empty line, or what came of it."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < _MOST_BYTES:
        plug.settimeout(_left_s(clock, until_s))
        part = plug.recv(4096)
        if not part:
            break
        head += part
    return head


def _left_s(clock: Clock, until_s: float) -> float:
    left_s = until_s - clock.monotonic()
    if left_s <= 0:
        raise TimeoutError
    return left_s


def _secured(plain: socket.socket, address: Address, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context()
    if address.ca_file is not None:
        context.load_verify_locations(address.ca_file)
    if not address.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=host)
