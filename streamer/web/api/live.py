"""What happens, as it happens: server-sent events."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from streamer.feed import KINDS, Item, Wants, item_of, text_of
from streamer.history import Wanted
from streamer.web.api.asking import Parts, answers, needs
from streamer.web.api.events import MOST_NUMBER
from streamer.web.api.parts import Api
from streamer.web.telling import Flow

router = APIRouter(tags=["events"])
BEAT_S = 0.25
"""A viewer is told no more often: whatever comes meanwhile goes together."""
TELLINGS = 100
"""A second, of all viewers: where they are many, each is told more rarely, and the loop is not held up."""
PAGE = 200
"""Events of the history that are read at a time."""
_KINDS = rf"^({'|'.join(KINDS)})(,({'|'.join(KINDS)})){{0,{len(KINDS) - 1}}}$"
_RETRY = b"retry: 1000\n\n"
_DESCRIBED = (
    "`text/event-stream`: `action`, `step`, `cycle`, `gap` with an id; `state`, `andon`, `status`, `last`, `scores`, "
    "`streams`, `behind`, `gone`"
)


@router.get(
    "/events/live",
    dependencies=[needs("read")],
    responses={
        **answers(200),
        200: {"description": _DESCRIBED, "content": {"text/event-stream": {"schema": {"type": "string"}}}},
    },
    response_class=Response,
)
async def live(
    api: Parts,
    stream: Annotated[str | None, Query(max_length=256)] = None,
    type: Annotated[str | None, Query(pattern=_KINDS, description="of what to tell, with commas")] = None,
    after: Annotated[int | None, Query(ge=0, le=MOST_NUMBER, description="begin with what the history has")] = None,
    last_event_id: Annotated[str | None, Header(max_length=32)] = None,
) -> Response:
    """Begins with everything as it is now, then tells what happens. `Last-Event-ID` goes on after an event."""
    kinds = frozenset(type.split(",")) if type else frozenset(KINDS)
    if last_event_id is not None and last_event_id.isascii() and last_event_id.isdigit():
        after = min(int(last_event_id), MOST_NUMBER)
    return await Flow.begun(_told(api, stream, kinds, after), "text/event-stream", {"X-Accel-Buffering": "no"})


async def _told(api: Api, stream: str | None, kinds: frozenset[str], after: int | None) -> AsyncGenerator[bytes, None]:
    wants = _wants(stream, kinds)
    with api.feed.viewing(wants) as viewer:  # from here on nothing is missed; what comes twice is told once
        yield _RETRY + api.feed.snapshot(wants)
        if after is not None:
            viewer.number = min(after, api.history.newest)
            forgotten = await api.history.forgotten()
            if after > viewer.number or 0 < after < forgotten:
                yield text_of("gone", {"from": forgotten})
            wanted = Wanted(kinds & {"action", "step", "cycle", "gap"}, stream)
            while wanted.types and (entries := await api.history.after(wanted, viewer.number, PAGE)):
                viewer.number = entries[-1].number
                yield b"".join(item_of(entry).text for entry in entries)
        while not (viewer.behind or viewer.over):
            yield await viewer.take()
            await api.clock.sleep(max(BEAT_S, api.feed.viewers / TELLINGS))
        yield viewer.rest()
        if viewer.behind:
            yield text_of("behind", {"after": viewer.number})


def _wants(stream: str | None, kinds: frozenset[str]) -> Wants:
    def wants(item: Item) -> bool:
        return not item.kind or (item.kind in kinds and stream in (None, item.stream or stream))

    return wants
