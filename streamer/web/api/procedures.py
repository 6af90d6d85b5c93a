"""Procedures: what is to be done, in which order, and where it is followed."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from streamer.procedure.drawing import svg
from streamer.web.api.asking import Parts, answers, needs, told
from streamer.web.api.documents import ProcedureDocument, ProceduresDocument
from streamer.web.api.parts import Api, Work
from streamer.web.api.problems import known

router = APIRouter(tags=["procedures"])
Name = Annotated[str, Path(max_length=256)]
_PICTURE = {"description": "a drawing", "content": {"image/svg+xml": {"schema": {"type": "string"}}}}


@router.get("/procedures", dependencies=[needs("read")], responses=answers(200, ProceduresDocument))
async def procedures(api: Parts) -> Response:
    """Every procedure that a watch follows."""
    return told({"procedures": [_named(work) for work in api.work()]})


@router.get(
    "/procedures/{name}.svg",
    dependencies=[needs("read")],
    responses={**answers(200, None, 404), 200: _PICTURE},
    response_class=Response,
)
async def drawing(name: Name, api: Parts) -> Response:
    """A drawing of the order of its steps."""
    return Response(svg(_work(name, api).procedure), media_type="image/svg+xml")


@router.get("/procedures/{name}", dependencies=[needs("read")], responses=answers(200, ProcedureDocument, 404))
async def procedure(name: Name, api: Parts) -> Response:
    """Its steps, in order, with their limits."""
    work = _work(name, api)
    one = work.procedure
    steps = [
        {
            "name": step.name,
            "action": step.action,
            "after": [sorted(clause) for clause in step.after],
            "optional": step.optional,
            "repeat": step.repeat,
            "at_most": step.most,
            "min_s": step.min_s,
            "typical_s": step.typical_s,
            "max_s": step.max_s,
            "undone_by": step.undone_by,
        }
        for step in one.steps
    ]
    rules = {"starts_with": one.starts_with, "ends_with": one.ends_with, "aborts_with": one.aborts_with}
    choices = [sorted(clause) for clause in one.choices]
    return told({**_named(work), "steps": steps, "choices": choices, **rules, "idle_s": one.idle_s})


def _named(work: Work) -> dict[str, Any]:
    one = work.procedure
    places = [{"stream": stream, "watch": watch} for stream, watch in work.watches]
    title = one.name.replace("-", " ").replace("_", " ").capitalize()
    return {"name": one.name, "title": title, "takt_s": one.takt_s, "streams": places}


def _work(name: str, api: Api) -> Work:
    with known("procedure"):
        return {work.procedure.name: work for work in api.work()}[name]
