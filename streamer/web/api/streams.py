"""Streams: which there are, how they do, and changes of them while the service runs."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response

from streamer.access import Grant
from streamer.board.tally import WINDOWS
from streamer.settings import files_named
from streamer.views import StreamView, WatchView
from streamer.web.api.asking import Asker, Parts, answers, json_of, needs, part, told, unfit
from streamer.web.api.documents import Json, StreamDocument, StreamsDocument
from streamer.web.api.parts import Api, Roster
from streamer.web.api.problems import Problem, known

router = APIRouter(tags=["streams"])
Id = Annotated[str, Path(max_length=64)]
Persist = Annotated[bool, Query(description="whether it is written down, to be there after a restart")]
_SECTION = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_SAYS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"by": {"type": "string", "maxLength": 64}, "resolved": {"type": "boolean"}},
}


@router.get("/streams", dependencies=[needs("read")], responses=answers(200, StreamsDocument))
async def streams(api: Parts) -> Response:
    """Every stream as it is now."""
    return told({"streams": [document_of(view, api) for view in api.streams.views()]})


@router.get("/streams/{stream}", dependencies=[needs("read")], responses=answers(200, StreamDocument, 404))
async def stream(stream: Id, api: Parts) -> Response:
    """A stream as it is now."""
    return told(_now(stream, api))


@router.post(
    "/streams",
    status_code=201,
    dependencies=[needs("control")],
    responses=answers(201, StreamDocument, 404, 408, 409, 413, 415, 501),
    openapi_extra=_SECTION,
)
async def add(request: Request, api: Parts, asker: Asker, persist: Persist = False) -> Response:
    """Add a stream: a section of `streams`, as in the configuration (GET /config/schema), as JSON.

    One that names files of the service's machine needs `admin`.
    """
    section = _checked(await json_of(request), asker)
    view = await _roster(api).add(section, persist)
    return told(document_of(view, api), HTTPStatus.CREATED, {"Location": f"/api/v1/streams/{view.id}"})


@router.put(
    "/streams/{stream}",
    dependencies=[needs("control")],
    responses=answers(200, StreamDocument, 404, 408, 409, 413, 415, 501),
    openapi_extra=_SECTION,
)
async def change(stream: Id, request: Request, api: Parts, asker: Asker, persist: Persist = False) -> Response:
    """Change a stream: its whole section. It begins anew; others are not touched. Files as for a new one."""
    section = {"id": stream, **_checked(await json_of(request), asker)}
    if section["id"] != stream:
        raise unfit("body.id: must be that of the address; to rename a stream, remove it and add another")
    with known("stream"):
        return told(document_of(await _roster(api).change(stream, section, persist), api))


@router.delete(
    "/streams/{stream}", status_code=204, dependencies=[needs("control")], responses=answers(204, None, 404, 409, 501)
)
async def remove(stream: Id, api: Parts, persist: Persist = False) -> Response:
    """Remove a stream. What its events say stays."""
    with known("stream"):
        await _roster(api).remove(stream, persist)
    return Response(status_code=HTTPStatus.NO_CONTENT)


@router.post(
    "/streams/{stream}/stop", dependencies=[needs("control")], responses=answers(200, StreamDocument, 404, 409, 501)
)
async def stop(stream: Id, api: Parts) -> Response:
    """Stop looking at a stream, until it is started again."""
    with known("stream"):
        return told(document_of(await _roster(api).stop(stream), api))


@router.post(
    "/streams/{stream}/start", dependencies=[needs("control")], responses=answers(200, StreamDocument, 404, 409, 501)
)
async def start(stream: Id, api: Parts) -> Response:
    """Look at a stream again."""
    with known("stream"):
        return told(document_of(await _roster(api).start(stream), api))


@router.post(
    "/streams/{stream}/watches/{watch}/acknowledge",
    dependencies=[needs("control")],
    responses=answers(200, Json, 404, 408, 413, 415),
    openapi_extra={"requestBody": {"required": False, "content": {"application/json": {"schema": _SAYS}}}},
)
async def acknowledge(stream: Id, watch: Id, request: Request, api: Parts, asker: Asker) -> Response:
    """Say that somebody comes, or has seen to it (`resolved`); answers with the lamp."""
    said = {"by": asker.name, **await json_of(request, empty=True)}
    with known("watch"):
        found = [one for one in api.streams.view(stream).watches if one.id == watch]
        if not found:
            raise KeyError(watch)
    try:
        api.acknowledge(stream, watch, json.dumps(said).encode())
    except ValueError as error:
        raise unfit(f"body: {error}") from error
    return told(api.feed.document(f"{stream}/{watch}/andon") or {})


def document_of(view: StreamView, api: Api) -> dict[str, Any]:
    return {
        "id": view.id,
        "source": {"kind": view.kind, "url": view.url},
        "origin": view.origin,
        "state": view.state,
        "reason": view.reason,
        "words": view.words,
        "since_at": round(view.since_at, 3),
        "epoch": view.epoch,
        "fps": view.fps,
        "blind": view.blind,
        "watches": [_watch(view.id, watch, api) for watch in view.watches],
    }


def _watch(stream: str, watch: WatchView, api: Api) -> dict[str, Any]:
    topic, shown = f"{stream}/{watch.id}", api.feed.document
    last = {window: shown(f"{topic}/last/{window}") for window in WINDOWS}
    return {
        "id": watch.id,
        "recognizer": watch.recognizer,
        "labels": list(watch.labels),
        "region": list(watch.region),
        "procedure": watch.procedure,
        "state": shown(f"{topic}/state"),
        "andon": shown(f"{topic}/andon"),
        "last": {window: body for window, body in last.items() if body is not None},
    }


def _checked(section: dict[str, Any], asker: Grant) -> dict[str, Any]:
    """Who names a file has it read, and may have it sent to any camera: that is more than to control streams."""
    named = sorted(files_named(section))
    if named and not asker.may("admin"):
        words = f"a section that names files of this machine ({', '.join(named)}) needs the scope admin"
        raise Problem(HTTPStatus.FORBIDDEN, words)
    return section


def _now(stream: str, api: Api) -> dict[str, Any]:
    with known("stream"):
        return document_of(api.streams.view(stream), api)


def _roster(api: Api) -> Roster:
    return part(api.roster, "streams that can be changed while it runs")
