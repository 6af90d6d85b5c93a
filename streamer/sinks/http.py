"""One HTTP address that is posted to. The door to HTTP: the standard library's client, which follows no redirect."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from streamer.errors import ConfigError, SinkUnavailable

ANSWER_BYTES = 4096
"""Nobody needs the answer; so much is read that the connection can be used again."""
BODY_S = 1.0
"""Seconds that the other side may be silent within the rest of an answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    retry_after: str | None
    """As the header says it."""

    def retry_after_s(self, now: float) -> float:
        """Seconds from `now` (Unix): 0 where nothing was said, or nothing that can be read."""
        if self.retry_after is None:
            return 0.0
        with contextlib.suppress(ValueError, OverflowError):
            if self.retry_after.strip().isdecimal():
                return float(self.retry_after)
            return max(0.0, parsedate_to_datetime(self.retry_after).timestamp() - now)
        return 0.0


class Endpoint:
    """`post` is called by one thread; the connection is kept."""

    def __init__(self, url: str, timeout_s: float, ca_file: str | None = None) -> None:
        """`timeout_s` is how long the other side may be silent. Raises ConfigError where the CA file cannot be used."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout_s = timeout_s
        self._context = _context(ca_file) if parts.scheme == "https" else None
        self._connection: HTTPConnection | None = None
        self._given_up = False

    @property
    def host(self) -> str:
        """All of the address that may be told: the rest often is a secret."""
        return self._host

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Raises SinkUnavailable where no answer comes."""
        kept, self._given_up = self._connection is not None, False
        try:
            return self._ask(body, headers)
        except (ConnectionError, HTTPException) as error:
            self.close()
            if self._given_up or not kept:
                raise self._unavailable(error) from error
        except OSError as error:
            self.close()
            raise self._unavailable(error) from error
        # The other side had closed a connection that was kept for long: that says nothing of a new one.
        try:
            return self._ask(body, headers)
        except (OSError, HTTPException) as error:
            self.close()
            raise self._unavailable(error) from error

    def interrupt(self) -> None:
        """Called by another thread: what waits for an answer gives up."""
        self._given_up = True
        connection = self._connection
        if connection is not None and isinstance(connection.sock, socket.socket):
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        if self._connection is None:
            self._connection = self._connect()
        self._connection.request("POST", self._target, body, dict(headers))
        response = self._connection.getresponse()
        if not self._read_rest(response, self._connection.sock):
            response.close()
            self.close()
        return Answer(response.status, response.getheader("Retry-After"))

    def _read_rest(self, response: HTTPResponse, connection: socket.socket | None) -> bool:
        """Whether the connection can be used again. The status says all, however slowly the rest comes or ends."""
        if connection is None or response.will_close:
            return False
        connection.settimeout(min(BODY_S, self._timeout_s / 4))
        try:
            response.read(ANSWER_BYTES)
            connection.settimeout(self._timeout_s)
        except (OSError, HTTPException):
            return False
        return response.isclosed()

    def _connect(self) -> HTTPConnection:
        if self._context is None:
            return HTTPConnection(self._host, self._port, timeout=self._timeout_s)
        return HTTPSConnection(self._host, self._port, timeout=self._timeout_s, context=self._context)

    def _unavailable(self, error: Exception) -> SinkUnavailable:
        return SinkUnavailable(f"{self._host} does not answer: {_words(error)}")


def _words(error: Exception) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "it is silent"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    return f"not in HTTP ({type(error).__name__})"


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        raise ConfigError([f"sinks: the CA file {ca_file} cannot be used: {error.strerror or error}"]) from error
