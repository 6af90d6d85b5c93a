"""Who may do what over HTTP. Knows no server: headers in, a grant or a refusal out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from types import MappingProxyType
from urllib.parse import urlsplit

from streamer.allowance import Minutes
from streamer.clock import Clock
from streamer.exchange import Request

SCOPES = ("read", "pictures", "label", "control", "admin")
"""What a token may be good for; `admin` holds all others, else none holds another."""
COOKIE = "takt_session"
SESSION_S = 30 * 86_400
FAILURES = 20
"""Wrong tokens of an address in a minute; then it is told to slow down. Who knows a token is never held up."""
ENDED = 4096
"""Sessions that were ended and are remembered as such."""
HARMLESS = ("GET", "HEAD")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CHALLENGE: Mapping[str, str] = MappingProxyType({"WWW-Authenticate": 'Bearer realm="takt"'})
_NOBODY = "others reach http.host, and without http.tokens nobody may ask: give some"
_STRANGE_HOST = "ask for this service as localhost, 127.0.0.1 or [::1]; for other names give http.tokens"
_STRANGE_PAGE = "a page of another address asks: only this service's own pages may"
_OWN_PAGE = "with a session's cookie, changes need an Origin of this service's own; programs send a token"


def is_loopback(host: str) -> bool:
    return host in LOOPBACK


@dataclass(frozen=True, slots=True)
class Token:
    """A secret, and what it is good for."""

    name: str
    secret: str = field(repr=False)
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Grant:
    """Who asks, and what they may."""

    name: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes


EVERYTHING = Grant("local", frozenset(SCOPES))


class Refused(Exception):
    """Whoever asks may not. Its text is for them and holds no secret."""

    def __init__(self, status: HTTPStatus, words: str, headers: Mapping[str, str] = CHALLENGE) -> None:
        super().__init__(words)
        self.status, self.headers = status, headers


class Access:
    """Knows tokens, and sessions that begin with one.

    A session is a cookie that says whose it is and until when, signed with the token's secret: it lives on over a
    restart of the service, and ends with its token.
    """

    def __init__(self, tokens: Sequence[Token], loopback: bool, clock: Clock) -> None:
        """`loopback`: only this machine reaches the service; without tokens, everybody on it may everything."""
        self._tokens = {token.name: token for token in tokens}
        self._loopback = loopback
        self._clock = clock
        self._failures = Minutes(FAILURES)
        self._ended: OrderedDict[str, None] = OrderedDict()

    @property
    def has_tokens(self) -> bool:
        return bool(self._tokens)

    @property
    def tokens_needed(self) -> bool:
        return bool(self._tokens) or not self._loopback

    def grant(self, request: Request) -> Grant:
        """Who asks.

        Raises:
            Refused: 401 without a token or session that is known, 403 for a page of others, 429 after many guesses.
        """
        if not self._tokens:
            return self._local(request)
        authorization = request.headers.get("authorization")
        if authorization is not None:
            scheme, _, given = authorization.partition(" ")
            token = self._known(given.strip()) if scheme.lower() == "bearer" else None
            if token is None:
                raise self._wrong(request)
            return Grant(token.name, token.scopes)
        cookie = _cookie(request)
        if cookie is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "give a token of http.tokens: Authorization: Bearer …")
        token = self._of_session(cookie)
        if token is None:
            raise Refused(HTTPStatus.UNAUTHORIZED, "this session is over; begin another one")
        if request.method not in HARMLESS and not (request.headers.get("origin") and is_own(request)):
            raise Refused(HTTPStatus.FORBIDDEN, _OWN_PAGE, {})
        return Grant(token.name, token.scopes)

    def check_open(self, request: Request) -> None:
        """For what may be asked without a token, where tokens are given at all.

        Raises:
            Refused: as `grant` does where there are none.
        """
        if not self._tokens:
            self._local(request)
        elif "origin" in request.headers and not is_own(request):
            raise Refused(HTTPStatus.FORBIDDEN, _STRANGE_PAGE, {})

    def begin(self, request: Request, given: str) -> tuple[Grant, str]:
        """A session for who knows a token: whose it is, and the cookie's value (empty where none is needed).

        Raises:
            Refused: as `grant`.
        """
        if not self._tokens:
            return self._local(request), ""
        token = self._known(given)
        if token is None:
            raise self._wrong(request)
        until = int(self._clock.now()) + SESSION_S
        said = f"{token.name}.{until}.{secrets.token_hex(8)}"
        return Grant(token.name, token.scopes), f"{said}.{_signed(token, said)}"

    def end(self, request: Request) -> None:
        """The session of this request, if any, is over."""
        cookie = _cookie(request)
        if cookie is not None and self._of_session(cookie) is not None:
            self._ended[cookie] = None
            while len(self._ended) > ENDED:
                self._ended.popitem(last=False)

    def _local(self, request: Request) -> Grant:
        """Everybody here may everything, save pages of others that a browser shows here."""
        if not self._loopback:
            raise Refused(HTTPStatus.UNAUTHORIZED, _NOBODY)
        if not is_loopback(_name(request.headers.get("host", ""))):
            raise Refused(HTTPStatus.FORBIDDEN, _STRANGE_HOST, {})
        if "origin" in request.headers and not is_own(request):
            raise Refused(HTTPStatus.FORBIDDEN, _STRANGE_PAGE, {})
        return EVERYTHING

    def _known(self, given: str) -> Token | None:
        """In the same time whichever it is, and whether it is one."""
        digest, found = _digest(given), None
        for token in self._tokens.values():
            if hmac.compare_digest(digest, _digest(token.secret)):
                found = token
        return found

    def _of_session(self, cookie: str) -> Token | None:
        said, _, signature = cookie.rpartition(".")
        name, until, _ = [*said.split("."), "", ""][:3]
        token = self._tokens.get(name)
        if token is None or not hmac.compare_digest(_signed(token, said).encode(), signature.encode()):
            return None
        # Signed by us, so `until` is a number.
        return token if int(until) > self._clock.now() and cookie not in self._ended else None

    def _wrong(self, request: Request) -> Refused:
        if not self._failures.lets(request.client, self._clock.monotonic()):
            return Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong tokens; wait a minute", {"Retry-After": "60"})
        return Refused(HTTPStatus.UNAUTHORIZED, "nobody knows this token")


def is_own(request: Request) -> bool:
    """Whether the page that asks, if one does, came from this service."""
    try:
        origin = urlsplit(request.headers.get("origin", ""))
        return origin.scheme in ("http", "https") and origin.netloc == request.headers.get("host", "") != ""
    except ValueError:
        return False


def _name(host: str) -> str:
    """Of a Host header, without the port."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _cookie(request: Request) -> str | None:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _signed(token: Token, said: str) -> str:
    return hmac.new(token.secret.encode(), f"takt session {said}".encode(), hashlib.sha256).hexdigest()
