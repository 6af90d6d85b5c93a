"""Which path is answered by whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from http import HTTPStatus

from fastapi import FastAPI
from fastapi.exceptions import HTTPException
from fastapi.requests import Request as WebRequest
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException as RoutingException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from streamer.exchange import NO_SITES, BodyTooLate, Site, plain
from streamer.health import Health
from streamer.web.api.door import PREFIX, ApiDoor
from streamer.web.pages import add_pages
from streamer.web.plain import request_of
from streamer.web.telling import Told

_LINES = {404: "try /, /metrics, /livez or /readyz", 405: "only GET"}


OPEN = ("/metrics", "/livez", "/readyz")
"""What anybody may ask for, besides the page's own files: none of it holds data of what is seen."""


def make_app(
    health: Health,
    metrics: Callable[[], tuple[str, bytes] | Awaitable[tuple[str, bytes]]],
    sites: Mapping[str, Site] = NO_SITES,
    api: ApiDoor | None = None,
) -> FastAPI:
    """The application.

    Args:
        metrics: gives content type and text of the exposition, where it must ask others for it a little later.
        sites: by what the paths that they answer begin with; they guard themselves, as the API does.
        api: with it, the page is served too.
    """
    app = FastAPI(title="Taktstream", docs_url=None, redoc_url=None, openapi_url=None)

    async def exposition() -> Response:
        told = metrics()
        kind, text = told if isinstance(told, tuple) else await told
        return Response(text, headers={"Content-Type": kind})

    async def alive() -> Response:
        return PlainTextResponse("ok\n")

    async def ready() -> Response:
        return PlainTextResponse("ok\n") if health.ready else PlainTextResponse("not ready\n", 503)

    for path, endpoint in zip(OPEN, (exposition, alive, ready), strict=True):
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], operation_id=path[1:])
    for start, site in sites.items():
        app.router.routes.append(Route(f"{start}{{rest:path}}", _Door(site)))
    if api is not None:
        app.router.routes.append(_Below(PREFIX, api))
        add_pages(app)
    app.add_exception_handler(RoutingException, _refused)
    return app


async def _refused(request: WebRequest, error: Exception) -> Response:
    """Words for who asks for what is not there."""
    status = error.status_code if isinstance(error, RoutingException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return PlainTextResponse(_LINES.get(status, str(getattr(error, "detail", ""))) + "\n", status, headers)


class _Below(BaseRoute):
    """All paths below a prefix, whatever they hold: the pattern of a mount ends with the line."""

    def __init__(self, prefix: str, app: ASGIApp) -> None:
        self._prefix, self._app = prefix, app

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http" or not f"{scope['path']}/".startswith(f"{self._prefix}/"):
            return Match.NONE, {}
        return Match.FULL, {"root_path": scope.get("root_path", "") + self._prefix}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


class _Door:
    """A site as an application of its own: whatever the method, and the answer as slowly as it is taken."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = request_of(scope, receive)
        try:
            answer = await self._site.answer(request)
        except BodyTooLate:
            answer = plain(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})
        except ClientDisconnect:
            return
        with suppress(TimeoutError):  # a client that takes for ever
            await Told(answer, request.method == "HEAD").send(send)
