"""The API's door: who may not come in is told so before anything is looked at."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

from streamer.access import HARMLESS, Grant, Refused
from streamer.allowance import Minutes
from streamer.web.api import config, events, health, labels, live, models, pictures, procedures, session, streams
from streamer.web.api.document import complete
from streamer.web.api.parts import Api
from streamer.web.api.problems import add_problems, bug, problem
from streamer.web.plain import request_of

_log = logging.getLogger(__name__)

PREFIX = "/api/v1"
OPEN = "/session"
"""What may be asked without a token: whether one is needed, and to begin a session with one."""
CHANGES = 240
"""Of one token in a minute: whatever is no reading."""
_HEADERS = ((b"cache-control", b"no-store"), (b"x-content-type-options", b"nosniff"))
_ROUTERS = (session, health, streams, events, live, procedures, models, config, pictures, labels)


class ApiDoor:
    """The API as an application (ASGI) to be mounted at PREFIX."""

    def __init__(self) -> None:
        self._api: Api | None = None
        self.changes = Minutes(CHANGES)
        """Lets changes through."""
        self.app = FastAPI(
            title="Taktstream", version="1", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
        )
        for module in _ROUTERS:
            self.app.router.routes += module.router.routes
        add_problems(self.app)

    @property
    def document(self) -> dict[str, Any]:
        """OpenAPI 3.1."""
        return complete(self.app)

    def open(self, api: Api) -> None:
        """From now on it answers."""
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        out = _Out(send)
        try:
            scope["takt.api"] = self._api
            scope["takt.grant"] = self._let_in(scope)
        except Refused as refused:
            answer = problem(refused.status, str(refused), headers=refused.headers)
            return await answer(scope, receive, out.send)
        if self._api is None:
            answer = problem(503, "the service is starting", headers={"Retry-After": "2"})
            return await answer(scope, receive, out.send)
        try:
            await self.app(scope, receive, out.send)
        except Exception:
            _log.exception("%s %s failed by a bug", scope["method"], scope["path"])
            if not out.begun:
                await bug()(scope, receive, out.send)

    def _let_in(self, scope: Scope) -> Grant | None:
        """Raises Refused."""
        if self._api is None:
            return None
        request, access = request_of(scope), self._api.access
        if request.path == PREFIX + OPEN:
            access.check_open(request)
            return None
        grant = access.grant(request)
        if request.method not in HARMLESS:
            if not self.changes.lets(grant.name, self._api.clock.monotonic()):
                raise Refused(HTTPStatus.TOO_MANY_REQUESTS, "too many changes; wait a minute", {"Retry-After": "60"})
            _log.info("%s %r by %s from %s", request.method, request.path, grant.name, request.client)
        return grant


class _Out:
    """Gives every answer the headers that all have."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.begun = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            there = {name for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(one for one in _HEADERS if one[0] not in there)]
        await self._send(message)
