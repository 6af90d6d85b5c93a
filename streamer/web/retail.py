"""The sample dashboard over HTTP: files, and where its broker is. All else it is told over MQTT."""

from __future__ import annotations

import gzip
import json
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path

from streamer.exchange import Answer, Request, plain
from streamer.web.files import FIELDS, TYPES, kind_of, tag_of

PREFIX = "/retail"
FOLDER = Path(__file__).with_name("static") / "retail"
_KINDS = {**TYPES, "md": TYPES["txt"]}
"""The licence of what is used lies beside it."""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What the page is told of the broker; no secret is among it."""

    broker: str | None
    """Its ws:// or wss:// address; None: the page asks."""
    prefix: str
    """What the topics of streams begin with; a level may be `+`."""
    service_prefix: str
    """What the service's own topics begin with."""


class RetailSite:
    """See `streamer.exchange.Site`. All is kept in memory; nothing of it is secret, so nobody is asked for a token."""

    def __init__(self, where: Whereabouts) -> None:
        self._fields = {**FIELDS, "Content-Security-Policy": policy(where.broker)}
        self._files = {path.name: _File.of(path) for path in sorted(FOLDER.iterdir()) if kind_of(path.name) in _KINDS}
        self._files[""] = self._files["index.html"]
        told = {name: value for name, value in asdict(where).items() if value is not None}
        self._files["config.json"] = _File("application/json", json.dumps(told).encode())

    async def answer(self, request: Request) -> Answer:
        if request.path == PREFIX:  # its files are beside it, as anywhere else
            return plain(HTTPStatus.PERMANENT_REDIRECT, {"Location": f"{PREFIX}/"})
        file = self._files.get(request.path.removeprefix(f"{PREFIX}/"))
        if file is None:
            return plain(HTTPStatus.NOT_FOUND)
        if request.method not in ("GET", "HEAD"):
            return plain(HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": "GET, HEAD"})
        return file.answer(request, self._fields)


def policy(broker: str | None) -> str:
    """What the page may do: nothing but show its own files and speak to this broker (CSP level 3)."""
    connect = " ".join(["'self'", *([broker] if broker else [])])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors 'self'; connect-src {connect}"
    )


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    whole: bytes
    small: bytes | None = None
    """As gzip."""

    @classmethod
    def of(cls, path: Path) -> _File:
        whole = path.read_bytes()
        return cls(_KINDS[kind_of(path.name)], whole, gzip.compress(whole, mtime=0))

    def answer(self, request: Request, fields: dict[str, str]) -> Answer:
        tag = tag_of(self.whole)
        fields = {**fields, "Content-Type": self.kind, "ETag": tag, "Vary": "Accept-Encoding"}
        if request.headers.get("if-none-match") == tag:
            return Answer(HTTPStatus.NOT_MODIFIED, fields)
        if self.small is not None and "gzip" in request.headers.get("accept-encoding", ""):
            return Answer(HTTPStatus.OK, {**fields, "Content-Encoding": "gzip"}, self.small)
        return Answer(HTTPStatus.OK, fields, self.whole)
