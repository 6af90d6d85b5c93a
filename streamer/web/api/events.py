"""What happened: the history, and the work on units made of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from streamer.history import Wanted
from streamer.web.api.asking import Parts, answers, moment, needs, told
from streamer.web.api.documents import CyclesDocument, EventsDocument
from streamer.web.api.units import cycles_of

router = APIRouter(tags=["events"])
TYPES = r"^(action|step|cycle|gap)(,(action|step|cycle|gap)){0,3}$"
MOST_NUMBER = 2**53 - 1
Word = Annotated[str | None, Query(max_length=256)]
Time = Annotated[str | None, Query(max_length=64, description="Unix seconds, or RFC 3339")]


async def wanted_of(
    type: Annotated[str | None, Query(pattern=TYPES, description="action, step, cycle, gap, with commas")] = None,
    stream: Word = None,
    watch: Word = None,
    action: Word = None,
    since: Time = None,
    until: Time = None,
) -> Wanted:
    types = frozenset(type.split(",")) if type else frozenset[str]()
    return Wanted(types, stream, watch, action, moment("since", since), moment("until", until))


@router.get("/events", dependencies=[needs("read")], responses=answers(200, EventsDocument))
async def events(
    api: Parts,
    wanted: Annotated[Wanted, Depends(wanted_of)],
    before: Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="only numbers below it")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Events, the newest first. `next` is the `before` of the next page; null: there is none."""
    found = await api.history.page(wanted, before, limit)
    told_of = ",".join(f'{{"number":{one.number},"at":{one.at:.3f},"body":{one.body}}}' for one in found)
    more = str(found[-1].number) if len(found) == limit else "null"
    return Response(f'{{"events":[{told_of}],"next":{more}}}', media_type="application/json")


@router.get("/cycles", dependencies=[needs("read")], responses=answers(200, CyclesDocument))
async def cycles(
    api: Parts,
    stream: Word = None,
    watch: Word = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 20,
) -> Response:
    """Work on units, the newest first, each with its steps as they were judged last."""
    entries = await api.history.cycles(Wanted(frozenset({"cycle"}), stream, watch), limit)
    return told({"cycles": cycles_of(entries)})
