"""Which path is answered by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import HTTPException
from fastapi.requests import Request as WebRequest
from fastapi.responses import PlainTextResponse, Response
from starlette.exceptions import HTTPException as RoutingException
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from streamer.exchange import NO_SITES, Answer, BodyTooLarge, BodyTooLate, Request, Site, plain
from streamer.health import Health

BODY_S = 10.0
"""A client has this long to bring what it announced."""
PATIENCE_S = 20.0
"""And this long to take a part of the answer."""
_LINES = {404: "try /metrics, /livez or /readyz", 405: "only GET"}


def make_app(health: Health, metrics: Callable[[], tuple[str, bytes]], sites: Mapping[str, Site] = NO_SITES) -> FastAPI:
    """The application.

    Args:
        metrics: gives content type and text of the exposition.
        sites: by what the paths that they answer begin with; they guard themselves.
    """
    app = FastAPI(title="Taktstream", docs_url=None, redoc_url=None, openapi_url=None)

    async def exposition() -> Response:
        kind, text = metrics()
        return Response(text, headers={"Content-Type": kind})

    async def alive() -> Response:
        return PlainTextResponse("ok\n")

    async def ready() -> Response:
        return PlainTextResponse("ok\n") if health.ready else PlainTextResponse("not ready\n", 503)

    for path, endpoint in (("/metrics", exposition), ("/livez", alive), ("/readyz", ready)):
        app.add_api_route(path, endpoint, methods=["GET", "HEAD"], operation_id=path[1:])
    for start, site in sites.items():
        app.router.routes.append(Route(f"{start}{{rest:path}}", _Door(site)))
    app.add_exception_handler(RoutingException, _refused)
    return app


async def _refused(request: WebRequest, error: Exception) -> Response:
    """Words for who asks for what is not there."""
    status = error.status_code if isinstance(error, RoutingException) else 500
    headers = error.headers if isinstance(error, HTTPException) else None
    return PlainTextResponse(_LINES.get(status, str(getattr(error, "detail", ""))) + "\n", status, headers)


class _Door:
    """A site as an application of its own: whatever the method, and the answer as slowly as it is taken."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = WebRequest(scope, receive)
        request = Request(
            method=asked.method,
            path=scope["path"],
            headers={name: value for name, value in asked.headers.items()},
            client=asked.client.host if asked.client else "somebody",
            body=_Body(asked).read,
        )
        try:
            answer = await self._site.answer(request)
        except BodyTooLate:
            answer = plain(HTTPStatus.REQUEST_TIMEOUT, {"Connection": "close"})
        except ClientDisconnect:
            return
        with suppress(TimeoutError):  # a client that takes for ever
            await _Told(answer, asked.method == "HEAD").send(send)


class _Body:
    def __init__(self, asked: WebRequest) -> None:
        self._asked = asked

    async def read(self, most: int) -> bytes:
        announced = self._asked.headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > most:
            raise BodyTooLarge
        taken = bytearray()
        try:
            async with asyncio.timeout(BODY_S):
                async for part in self._asked.stream():
                    taken += part
                    if len(taken) > most:
                        raise BodyTooLarge
        except TimeoutError:
            raise BodyTooLate from None
        return bytes(taken)


class _Told:
    """An answer on its way."""

    def __init__(self, answer: Answer, head: bool) -> None:
        self._answer, self._head = answer, head

    async def send(self, send: Send) -> None:
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self._answer.headers.items()]
        body = self._answer.body
        if isinstance(body, bytes) and "Content-Length" not in self._answer.headers:  # which a HEAD may have
            headers.append((b"content-length", str(len(body)).encode()))
        await self._part(send, type="http.response.start", status=self._answer.status.value, headers=headers)
        if isinstance(body, bytes):
            await self._part(send, type="http.response.body", body=b"" if self._head else body)
        else:
            await self._flow(send, body)

    async def _flow(self, send: Send, body: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(body):
            if not self._head:
                async for part in body:
                    await self._part(send, type="http.response.body", body=part, more_body=True)
        await self._part(send, type="http.response.body", body=b"")

    async def _part(self, send: Send, **message: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await send(message)
