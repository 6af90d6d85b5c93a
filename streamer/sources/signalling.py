"""Session descriptions over HTTP, as a client: one request at a time, on a thread of its own, and never a redirect."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.redact import redact

_MOST_BYTES = 64 << 10
_SDP = "application/sdp"
T = TypeVar("T")

_REJECTED = {
    401: ("auth", "does not know the token (401)"),
    403: ("denied", "forbids access (403)"),
    404: ("not_found", "has no such stream (404): check the path, and whether somebody publishes to it"),
    405: ("not_found", "is no WHEP endpoint (405): check the path"),
    406: ("codec", "gives neither H.264 nor VP8 (406)"),
    415: ("not_found", "takes no session descriptions (415): check the path"),
    422: ("codec", "does not take the offer (422)"),
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where sessions are asked for."""

    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    tls_verify: bool = True
    ca_file: Path | None = None
    timeout_s: float = 10.0

    @property
    def shown(self) -> str:
        return redact(self.url)


@dataclass(frozen=True, slots=True)
class Answered:
    """What an endpoint gave."""

    description: str
    session: str | None
    """Where the session is ended, if that is at the same place."""


async def asked(endpoint: Endpoint, offer: str) -> Answered:
    """Ask for a session.

    Raises:
        SourceUnavailable, SourceRejected: there is none.
    """
    reply = await _sent(endpoint, "POST", endpoint.url, offer.encode())
    _check(endpoint, reply)
    where = reply.headers.get("Location")
    session = None if where is None else urljoin(endpoint.url, where)
    if session is not None and _place(session) != _place(endpoint.url):
        session = None  # the token is nobody else's business
    try:
        return Answered(reply.body.decode(), session)
    except UnicodeDecodeError:
        raise SourceUnavailable("protocol", f"{endpoint.shown} answered with no session description") from None


async def ended(endpoint: Endpoint, session: str) -> None:
    """Say that a session is over, to whoever still listens."""
    with suppress(SourceUnavailable, SourceRejected):
        await _sent(endpoint, "DELETE", session, b"")


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


def _check(endpoint: Endpoint, reply: _Reply) -> None:
    if 300 <= reply.status < 400:
        words = "redirects, which is not followed; if that is right, give that address itself"
        raise SourceRejected("denied", f"{endpoint.shown} {words}")
    if reply.status in _REJECTED:
        reason, words = _REJECTED[reply.status]
        raise SourceRejected(reason, f"{endpoint.shown} {words}")
    if reply.status not in (200, 201):
        raise SourceUnavailable("protocol", f"{endpoint.shown} answered with {reply.status}")
    if reply.headers.get_content_type() != _SDP or len(reply.body) > _MOST_BYTES:
        raise SourceUnavailable("protocol", f"{endpoint.shown} answered with no session description")


async def _sent(endpoint: Endpoint, method: str, url: str, body: bytes) -> _Reply:
    request = _Sending(endpoint, method, url, body)
    try:
        async with asyncio.timeout(endpoint.timeout_s):
            return await _on_a_thread(request.run)
    except TimeoutError:
        raise SourceUnavailable("timeout", f"{endpoint.shown} did not answer in time") from None
    except ssl.SSLError:
        words = "no trusted TLS connection; give its certificate as ca_file"
        raise SourceRejected("tls", f"{endpoint.shown}: {words}") from None
    except socket.gaierror:
        raise SourceUnavailable("dns", f"{endpoint.shown}: the host's name is not known") from None
    except ConnectionRefusedError:
        words = "refused the connection: is it running, and is the port right?"
        raise SourceUnavailable("refused", f"{endpoint.shown} {words}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        words = f"cannot be asked ({type(error).__name__})"  # its text may quote what was sent
        raise SourceUnavailable("protocol", f"{endpoint.shown} {words}") from None
    finally:
        request.close()


class _Sending:
    """One request. Blocks in `run`; `close` ends that from outside."""

    def __init__(self, endpoint: Endpoint, method: str, url: str, body: bytes) -> None:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            context = _context(endpoint)
            self._connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                host, port, timeout=endpoint.timeout_s, context=context
            )
        else:
            self._connection = http.client.HTTPConnection(host, port, timeout=endpoint.timeout_s)
        self._method, self._body = method, body
        self._target = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        self._headers = {"Content-Type": _SDP, "Accept": _SDP} if body else {}
        if endpoint.token is not None:
            self._headers["Authorization"] = f"Bearer {endpoint.token}"

    def run(self) -> _Reply:
        self._connection.request(self._method, self._target, self._body, self._headers)
        reply = self._connection.getresponse()
        return _Reply(reply.status, reply.headers, reply.read(_MOST_BYTES + 1))

    def close(self) -> None:
        plug = self._connection.sock
        if plug is not None:
            with suppress(OSError):
                plug.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def _context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if endpoint.ca_file is not None:
        context.load_verify_locations(endpoint.ca_file)
    if not endpoint.tls_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _place(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


async def _on_a_thread(work: Callable[[], T]) -> T:
    """One of its own: silent servers in a shared executor would hold up everybody else's."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: Exception | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # what `work` gave

    def run() -> None:
        result, failure = None, None
        try:
            result = work()
        except Exception as error:  # told to who waits
            failure = error
        with suppress(RuntimeError):  # the loop may be gone
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, name="whep", daemon=True).start()
    return await done
