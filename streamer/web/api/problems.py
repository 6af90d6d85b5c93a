"""Errors as RFC 9457 tells them: `application/problem+json`, never a traceback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from streamer.access import Refused
from streamer.errors import ClipUnwritable, ConfigError, Exists, NotKept, NotNow
from streamer.exchange import BodyTooLarge, BodyTooLate

CONTENT_TYPE = "application/problem+json"
UNFIT = "the request is not as it must be"


class Problem(Exception):
    """What was asked for cannot be answered. The text is for whoever asked, and holds no secret."""

    def __init__(
        self, status: HTTPStatus, detail: str, mistakes: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.mistakes, self.headers = status, mistakes, headers


def problem(
    status: int, detail: str = "", mistakes: Sequence[str] = (), headers: Mapping[str, str] | None = None
) -> Response:
    title = HTTPStatus(status).phrase
    told: dict[str, object] = {"type": "about:blank", "title": title, "status": int(status), "detail": detail or title}
    if mistakes:
        told["mistakes"] = list(mistakes)
    return JSONResponse(told, status, dict(headers or {}), CONTENT_TYPE)


@contextmanager
def known(what: str) -> Iterator[None]:
    """A KeyError in the block means that there is no such thing."""
    try:
        yield
    except KeyError as error:
        raise Problem(HTTPStatus.NOT_FOUND, f"there is no such {what}") from error


def add_problems(app: FastAPI) -> None:
    """All errors of the application are told as problems."""
    for kind, answer in _ANSWERS.items():
        app.add_exception_handler(kind, _told(answer))


def bug() -> Response:
    return problem(500, "a bug; the log of the service tells more")


def _told(answer: Callable[[Any], Response]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handler(_: Request, error: Exception) -> Response:
        return answer(error)

    return handler


def _of_routing(error: HTTPException) -> Response:
    detail = "nothing is here; see /api/v1/openapi.json" if error.status_code == 404 else error.detail
    return problem(error.status_code, detail, headers=error.headers)


def _mistake(error: Mapping[str, object]) -> str:
    """Where and what; never the value, which may be a secret."""
    where = error["loc"]
    place = ".".join(map(str, where)) if isinstance(where, tuple) else ""
    return f"{place}: {error['msg']}"


_CLOSE = {"Connection": "close"}
_ANSWERS: Mapping[type[Exception], Callable[[Any], Response]] = {
    Problem: lambda error: problem(error.status, str(error), error.mistakes, error.headers),
    Refused: lambda error: problem(error.status, str(error), headers=error.headers),
    RequestValidationError: lambda error: problem(422, UNFIT, [*map(_mistake, error.errors())]),
    ConfigError: lambda error: problem(422, "the configuration is not as it must be", error.problems),
    Exists: lambda error: problem(409, str(error)),
    NotKept: lambda error: problem(409, str(error)),
    ClipUnwritable: lambda error: problem(507, str(error)),
    NotNow: lambda error: problem(503, str(error), headers={"Retry-After": str(error.retry_s)}),
    BodyTooLarge: lambda _: problem(413, "the body is too large", headers=_CLOSE),
    BodyTooLate: lambda _: problem(408, "the body did not come", headers=_CLOSE),
    ClientDisconnect: lambda _: problem(408, "the body did not come", headers=_CLOSE),
    HTTPException: _of_routing,
    Exception: lambda _: bug(),
}
"""`ApiDoor` logs what is none of the others."""
