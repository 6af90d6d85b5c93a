"""Who asks, and sessions for browsers, whose pictures and live feeds carry no header."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import APIRouter, Request
from fastapi.responses import Response

from streamer.access import COOKIE, SESSION_S, Grant, Refused
from streamer.web.api.asking import Parts, answers, json_of, told, unfit
from streamer.web.api.documents import SessionDocument
from streamer.web.plain import request_of

router = APIRouter(tags=["session"])
_BODY = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}}
_LONGEST = 4096


@router.get("/session", responses=answers(200, SessionDocument))
async def session(request: Request, api: Parts) -> Response:
    """Who asks, as far as a token or a session tells; and whether one is needed."""
    try:
        grant = api.access.grant(request_of(request.scope))
    except Refused:
        return _told(None, api.access.tokens_needed)
    return _told(grant, api.access.tokens_needed)


@router.post(
    "/session",
    responses=answers(200, SessionDocument, 408, 413, 415),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _BODY}}}},
)
async def begin(request: Request, api: Parts) -> Response:
    """Begin a session with a token: sets a cookie, which is good for 30 days."""
    given = (await json_of(request)).get("token")
    if not isinstance(given, str) or len(given) > _LONGEST:
        raise unfit("body.token: give a token of http.tokens")
    grant, cookie = api.access.begin(request_of(request.scope), given.strip())
    answer = _told(grant, api.access.tokens_needed)
    if cookie:
        secure = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
        answer.set_cookie(COOKIE, cookie, max_age=SESSION_S, path="/", httponly=True, samesite="strict", secure=secure)
    return answer


@router.delete("/session", status_code=204, responses=answers(204))
async def end(request: Request, api: Parts) -> Response:
    """End the session of the cookie, if there is one."""
    api.access.end(request_of(request.scope))
    answer = Response(status_code=HTTPStatus.NO_CONTENT)
    answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return answer


def _told(grant: Grant | None, needed: bool) -> Response:
    name, scopes = (None, frozenset[str]()) if grant is None else (grant.name, grant.scopes)
    return told({"name": name, "scopes": sorted(scopes), "tokens_needed": needed})
