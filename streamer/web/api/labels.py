"""Moments that somebody named, for the data set that `takt teach` reads."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import Response

from streamer.web.api.asking import Asker, Parts, answers, json_of, needs, part, told, unfit
from streamer.web.api.documents import Json
from streamer.web.api.problems import known

router = APIRouter(tags=["labels"])
_WHAT = "labelling: labels.folder is not given"
_SECONDS = {"type": "number", "minimum": 0, "maximum": 30}
_MARK = {
    "type": "object",
    "required": ["stream", "label"],
    "additionalProperties": False,
    "properties": {
        "stream": {"type": "string", "minLength": 1, "maxLength": 64},
        "label": {"type": "string", "minLength": 1, "maxLength": 64},
        "at": {"type": ["number", "null"], "description": "Unix seconds; null: now"},
        "before_s": {**_SECONDS, "default": 2},
        "after_s": {**_SECONDS, "default": 2},
    },
}


@router.post(
    "/labels",
    status_code=201,
    dependencies=[needs("label")],
    responses=answers(201, Json, 404, 408, 409, 413, 415, 501, 507),
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": _MARK}}}},
)
async def mark(request: Request, api: Parts, asker: Asker) -> Response:
    """Name what a stream showed at a moment; the clip goes to the data set as soon as its last second is there."""
    said = await json_of(request)
    stream, label, at, before_s, after_s = _said(said)
    with known("stream"):
        made = await part(api.labels, _WHAT).mark(stream, label, at, before_s, after_s, asker.name)
    return told(dict(made), HTTPStatus.CREATED)


@router.get("/labels", dependencies=[needs("label")], responses=answers(200, Json, 501, 507))
async def listing(api: Parts) -> Response:
    """What was named, how often, and where it is kept."""
    return told(dict(await part(api.labels, _WHAT).listing()))


@router.delete(
    "/labels/{label}", status_code=204, dependencies=[needs("label")], responses=answers(204, None, 404, 501, 507)
)
async def remove(label: Annotated[str, Path(max_length=256)], api: Parts) -> Response:
    """Take a clip away again."""
    with known("label"):
        await part(api.labels, _WHAT).remove(label)
    return Response(status_code=HTTPStatus.NO_CONTENT)


def _said(body: dict[str, Any]) -> tuple[str, str, float | None, float, float]:
    mistakes = [f"body.{name}: there is no such field" for name in body if name not in _MARK["properties"]]  # type: ignore[operator]
    for name in ("stream", "label"):
        text = body.get(name)
        if not (isinstance(text, str) and 0 < len(text) <= 64 and text.isprintable()):
            mistakes.append(f"body.{name}: give 1 to 64 characters")
    at = body.get("at")
    if at is not None and not _number(at, 0, 1e12):
        mistakes.append("body.at: give Unix seconds, or null for now")
    around = {name: body.get(name, 2.0) for name in ("before_s", "after_s")}
    mistakes += [f"body.{name}: give 0 to 30 seconds" for name, value in around.items() if not _number(value, 0, 30)]
    if mistakes:
        raise unfit(*mistakes)
    return body["stream"], body["label"], at, around["before_s"], around["after_s"]


def _number(value: object, least: float, most: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return least <= value <= most  # which is said of no NaN
