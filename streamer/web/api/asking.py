"""What the routes share: who asks, what they bring, how they are answered."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.params import Depends as Need
from fastapi.responses import JSONResponse

from streamer.access import Grant
from streamer.web.api.parts import Api
from streamer.web.api.problems import CONTENT_TYPE, UNFIT, Problem
from streamer.web.body import read_body

MOST_BYTES = 64 << 10
"""Of a body."""
T = TypeVar("T")
Responses = dict[int | str, dict[str, Any]]


async def parts_of(request: Request) -> Api:
    parts: Api = request.scope["takt.api"]
    return parts


async def grant_of(request: Request) -> Grant:
    grant: Grant = request.scope["takt.grant"]
    return grant


Parts = Annotated[Api, Depends(parts_of)]
Asker = Annotated[Grant, Depends(grant_of)]


class Scope:
    """A route is for those whose token has this scope."""

    def __init__(self, scope: str) -> None:
        self.scope = scope

    async def __call__(self, request: Request) -> None:
        grant = await grant_of(request)
        if not grant.may(self.scope):
            raise Problem(HTTPStatus.FORBIDDEN, f"the token {grant.name} has not the scope {self.scope}")


def needs(scope: str) -> Need:
    dependency: Need = Depends(Scope(scope))
    return dependency


def part(one: T | None, what: str) -> T:
    """A part that this service may not have."""
    if one is None:
        raise Problem(HTTPStatus.NOT_IMPLEMENTED, f"this service has no {what}")
    return one


def told(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(document, status, dict(headers or {}))


def answers(status: int, model: Any = None, *problems: int, described: str = "as said") -> Responses:
    """For the OpenAPI document: what may be answered."""
    good: dict[str, Any] = {"description": described} if model is None else {"description": described, "model": model}
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    bad: Responses = {one: {"description": HTTPStatus(one).phrase, "content": content} for one in (*ALWAYS, *problems)}
    return {status: good, **bad}


ALWAYS = (401, 403, 422, 429, 500, 503)
"""What may be answered to anything."""


async def json_of(request: Request, empty: bool = False) -> dict[str, Any]:
    """The object that a request brings; with `empty`, nothing at all stands for one without fields."""
    text = await read_body(request, MOST_BYTES)
    if empty and not text.strip():
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send application/json", headers={"Accept": "application/json"}
        )
    try:
        found = json.loads(text, parse_constant=_no_number)
        json.dumps(found, ensure_ascii=False).encode()  # half of a surrogate pair is no text (RFC 8259 8.2)
    except (ValueError, RecursionError) as error:
        raise unfit("body: it is no JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise unfit("body: it must be an object")
    return found


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")


def unfit(*mistakes: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, UNFIT, mistakes)


def moment(name: str, text: str | None) -> float | None:
    """Unix seconds of a time that somebody gave: a number of them, or RFC 3339."""
    if text is None:
        return None
    try:
        at = float(text)
    except ValueError:
        try:
            told = datetime.fromisoformat(text.replace(" ", "+"))  # a + in a query is a space
            at = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        except (ValueError, OverflowError):
            at = math.nan
    if not math.isfinite(at):
        raise unfit(f"query.{name}: give Unix seconds, or a time as 2026-03-02T08:15:00Z")
    return at
