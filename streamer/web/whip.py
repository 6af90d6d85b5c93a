"""WHIP over HTTP (RFC 9725): `POST /whip/<stream>` publishes, `PATCH` and `DELETE` go on and end it."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

from streamer.allowance import Minute, Minutes
from streamer.clock import Clock
from streamer.errors import OfferRefused
from streamer.exchange import Answer, BodyTooLarge, Request, plain
from streamer.sources.publishing import Occupied, Session

_log = logging.getLogger(__name__)

PREFIX = "/whip/"
MOST_BYTES = 64 << 10
"""Of a session description."""
OFFERS = 30
"""Of a stream in a minute."""
FAILURES = 20
"""Wrong tokens of an address in a minute; then it is told to slow down. Who knows the token is never held up."""
_SDP, _FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
_TAG = '"ice-1"'
"""Of a session's ICE, which is never begun anew."""


_OUTCOMES = {201: "accepted", 401: "denied", 404: "denied", 409: "occupied", 429: "limited"}
"""What becomes of an offer, by status; whatever else it is told, it was `unfit`."""


class Observer(Protocol):
    def offered(self, outcome: str) -> None:
        """Somebody offered to publish: accepted, denied (a wrong token or stream), occupied, unfit, or limited (too
        many offers)."""
        ...


class Publishable(Protocol):
    """What a stream takes from publishers; see `streamer.sources.whip.PublishedSource`."""

    @property
    def is_taken(self) -> bool:
        """Whether somebody publishes."""
        ...

    async def publish(self, offer: str) -> Session: ...

    def is_session(self, session: str) -> bool: ...

    async def trickle(self, text: str) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Stage:
    """A stream that may be published to, and what must be known for it."""

    source: Publishable
    token: str | None = field(repr=False)
    """None: everybody may."""


class WhipSite:
    """See `streamer.exchange.Site`. Lives on the event loop."""

    def __init__(
        self,
        clock: Clock,
        links: tuple[str, ...] = (),
        origins: frozenset[str] = frozenset(),
        observer: Observer | None = None,
    ) -> None:
        """
        Args:
            links: STUN and TURN servers that publishers are told of, as `Link` values.
            origins: of pages that may publish from a browser, besides those of this server; `*` for all.
        """
        self._clock, self._links, self._origins, self._observer = clock, links, origins, observer
        self._stages: Mapping[str, Stage] | None = None
        self._offers: dict[str, Minute] = {}
        self._failures = Minutes(FAILURES)

    def open(self, stages: Mapping[str, Stage]) -> list[Publishable]:
        """From now on these streams may be published to, and no others. Who publishes to one that stays is left alone;
        returns the streams that are no more, to be closed."""
        before, self._stages = self._stages or {}, stages
        self._offers = {name: self._offers.get(name) or Minute(OFFERS) for name in stages}
        stay = [stage.source for stage in stages.values()]
        return [stage.source for stage in before.values() if stage.source not in stay]

    @property
    def sessions(self) -> int:
        """Of how many streams somebody publishes."""
        return sum(stage.source.is_taken for stage in (self._stages or {}).values())

    async def close(self) -> None:
        for stage in (self._stages or {}).values():
            await stage.source.close()

    async def answer(self, request: Request) -> Answer:
        given = await self._answer(request)
        if self._observer is not None and request.method == "POST":
            self._observer.offered(_OUTCOMES.get(given.status, "unfit"))
        return Answer(given.status, {**given.headers, **self._cors(request), "Cache-Control": "no-store"}, given.body)

    async def _answer(self, request: Request) -> Answer:
        name, _, session = request.path.removeprefix(PREFIX).partition("/")
        if self._stages is None:
            return plain(HTTPStatus.SERVICE_UNAVAILABLE, {"Retry-After": "2"})
        if request.method == "OPTIONS":  # browsers ask without a token
            return Answer(HTTPStatus.NO_CONTENT, {"Accept-Post": _SDP, "Accept-Patch": _FRAGMENT, "Allow": _ALLOW})
        stage = self._stages.get(name)
        if stage is None or not (stage.token is None or _knows(request, stage.token)):
            return self._refused(stage, request)
        if not session:
            return await self._published(name, stage, request)
        return await self._gone_on(session, stage, request)

    async def _gone_on(self, session: str, stage: Stage, request: Request) -> Answer:
        if not stage.source.is_session(session):
            return plain(HTTPStatus.NOT_FOUND, text="no such session")
        if request.method == "DELETE":
            await stage.source.close()
            return plain(HTTPStatus.OK)
        if request.method == "PATCH":
            return await self._trickled(stage, request)
        return plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": _ALLOW})

    def _refused(self, stage: Stage | None, request: Request) -> Answer:
        """What a stranger is told, the same of streams that there are and of others."""
        if stage is None and all(one.token is None for one in (self._stages or {}).values()):
            return plain(HTTPStatus.NOT_FOUND, text="no such stream is published to")
        if not self._failures.lets(request.client, self._clock.monotonic()):
            return plain(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "60"})
        return plain(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Bearer realm="takt"'})

    async def _published(self, name: str, stage: Stage, request: Request) -> Answer:
        if request.method != "POST":
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "POST, OPTIONS"})
        if not self._offers[name].lets(self._clock.monotonic()):
            return plain(HTTPStatus.TOO_MANY_REQUESTS, {"Retry-After": "60"})
        offer = await _text(request, _SDP)
        if isinstance(offer, Answer):
            return offer
        try:
            published = await stage.source.publish(offer)
        except OfferRefused as error:
            return _unfit(error)
        except Occupied as error:
            return plain(HTTPStatus.CONFLICT, {"Retry-After": "3"}, text=str(error))
        _log.info("stream %s: %s begins to publish", name, request.client)
        headers = {
            "Content-Type": _SDP,
            "Location": f"{PREFIX}{name}/{published.name}",
            "ETag": _TAG,
            "Accept-Patch": _FRAGMENT,
        }
        if self._links:
            headers["Link"] = ", ".join(self._links)
        return Answer(HTTPStatus.CREATED, headers, published.answer.encode())

    async def _trickled(self, stage: Stage, request: Request) -> Answer:
        match = request.headers.get("if-match")
        if match is None:
            return plain(HTTPStatus.PRECONDITION_REQUIRED)
        if match not in (_TAG, "*"):
            return plain(HTTPStatus.PRECONDITION_FAILED)
        text = await _text(request, _FRAGMENT)
        if isinstance(text, Answer):
            return text
        try:
            await stage.source.trickle(text)
        except OfferRefused as error:
            return _unfit(error)
        return Answer(HTTPStatus.NO_CONTENT, {"ETag": _TAG})

    def _cors(self, request: Request) -> dict[str, str]:
        origin = request.headers.get("origin")
        if origin is None or not {origin, "*"} & self._origins:
            return {}
        fields = {
            "Access-Control-Allow-Origin": origin,
            "Vary": "Origin",
            "Access-Control-Expose-Headers": "Location, ETag, Link, Accept-Patch",
        }
        if request.method == "OPTIONS":
            fields |= {
                "Access-Control-Allow-Methods": _ALLOW,
                "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
                "Access-Control-Max-Age": "600",
            }
        return fields


_ALLOW = "POST, PATCH, DELETE, OPTIONS"


def _knows(request: Request, token: str) -> bool:
    """Compared in constant time."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    return hmac.compare_digest(given.strip().encode(), token.encode()) and scheme.lower() == "bearer"


def _unfit(error: OfferRefused) -> Answer:
    return plain(HTTPStatus.BAD_REQUEST if error.malformed else HTTPStatus.UNPROCESSABLE_ENTITY, text=str(error))


async def _text(request: Request, kind: str) -> str | Answer:
    """What a request brings, or why it is not taken."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != kind:
        return plain(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"Accept-Post": _SDP}, text=f"send {kind}")
    try:
        return (await request.body(MOST_BYTES)).decode()
    except BodyTooLarge:
        words = f"at most {MOST_BYTES >> 10} KiB"
        return plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"Connection": "close"}, text=words)
    except UnicodeDecodeError:
        return plain(HTTPStatus.BAD_REQUEST, text="it is not UTF-8")
