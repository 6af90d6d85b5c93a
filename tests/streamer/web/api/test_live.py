"""What happens is told as it happens, once, to everybody; who is slow goes on from the history."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest

from streamer.feed import MOST_EVENTS, MOST_VIEWERS
from streamer.testing.messages import action_event
from streamer.web import API, serve
from streamer.wire import action_message
from tests.e2e.takt import until
from tests.streamer.web.asgi import BEARER, ask
from tests.streamer.web.conftest import Served, Serving

LIVE, READ = f"{API}/events/live", {"authorization": BEARER["read"]}
STATUS = {"schema": "takt.status.v1", "stream": "cam", "status": "online", "reason": "live", "sight": "clear"}


class Reader:
    """Reads server-sent events over a socket."""

    def __init__(self, stream: asyncio.StreamReader, served: Served) -> None:
        self._stream, self._served = stream, served

    async def event(self) -> tuple[str, str, Any]:
        """Kind, id and data of the next; time goes on while it is waited for."""
        fields: dict[str, str] = {}
        while True:
            line = asyncio.ensure_future(self._stream.readline())
            while not line.done():
                await self._served.clock.advance(0.1)
                await asyncio.wait({line}, timeout=0.01)
            text = line.result().decode().strip()
            name, _, value = text.partition(": ")
            if name in ("event", "id", "data"):
                fields[name] = value
            elif not text and "event" in fields:
                return fields["event"], fields.get("id", ""), json.loads(fields["data"])
            elif line.result() == b"":
                raise EOFError

    async def events(self, count: int) -> list[tuple[str, str, Any]]:
        return [await self.event() for _ in range(count)]


@asynccontextmanager
async def looking(served: Served, query: str = "", last: str = "") -> AsyncIterator[Reader]:
    async with asyncio.timeout(20), serve("127.0.0.1", 0, served.app) as port:
        stream, writer = await asyncio.open_connection("127.0.0.1", port)
        more = f"Last-Event-ID: {last}\r\n" if last else ""
        fields = f"Host: x\r\nAuthorization: {BEARER['read']}\r\nConnection: close\r\n{more}\r\n"
        writer.write(f"GET {API}/events/live?{query} HTTP/1.1\r\n{fields}".encode())
        assert b" 200 " in await stream.readline()
        assert b"text/event-stream" in await stream.readuntil(b"\r\n\r\n")
        reader = Reader(stream, served)
        await until(lambda: served.plant.onlookers.feed.viewers == 1)
        yield reader
        writer.close()
        await until(lambda: served.plant.onlookers.feed.viewers == 0)  # who is gone is forgotten


def happens(served: Served, count: int, stream: str = "cam") -> None:
    served.plant.onlookers.stored([action_message(action_event(stream, number=n), "rtcp") for n in range(count)])


async def test_it_begins_with_what_is_and_goes_on_with_what_happens(serving: Serving) -> None:
    async with serving() as served:
        served.plant.onlookers.shown("cam/status", STATUS)
        served.plant.onlookers.shown("cam/bench/last/5m", {"window_s": 300})
        async with looking(served) as reader:
            assert await reader.event() == ("status", "", {"stream": "cam", "body": STATUS})
            window = {"stream": "cam", "watch": "bench", "window": "5m", "body": {"window_s": 300}}
            assert await reader.event() == ("last", "", window)
            happens(served, 1)
            kind, number, body = await reader.event()
            assert (kind, body["action"]) == ("action", "tighten")
            served.plant.onlookers.feed.listed()
            assert await reader.event() == ("streams", "", {})
            happens(served, 1)
            assert int((await reader.event())[1]) > int(number)


async def test_who_comes_back_gets_what_happened_meanwhile_and_nothing_twice(serving: Serving) -> None:
    async with serving() as served:
        happens(served, 3)
        first = served.plant.api.history.newest - 2
        async with looking(served, last=str(first)) as reader:
            assert [int(number) for _, number, _ in await reader.events(2)] == [first + 1, first + 2]
            happens(served, 1)
            assert int((await reader.event())[1]) == first + 3


async def test_only_what_is_asked_for_is_told(serving: Serving) -> None:
    async with serving() as served, looking(served, "stream=other&type=action,status&after=0") as reader:
        served.plant.onlookers.shown("cam/status", STATUS)
        served.plant.onlookers.shown("other/bench/state", {})
        happens(served, 1)
        happens(served, 1, "other")
        kind, _, body = await reader.event()
    assert (kind, body["stream"]) == ("action", "other")


async def test_a_viewer_that_is_behind_is_told_where_to_go_on(serving: Serving) -> None:
    async with serving() as served:
        async with looking(served) as reader:
            happens(served, MOST_EVENTS + 10)
            told = await reader.events(MOST_EVENTS + 1)
            last = int(told[-2][1])
            assert told[-1] == ("behind", "", {"after": last})
        async with looking(served, last=str(last)) as reader:
            assert [int(number) for _, number, _ in await reader.events(10)] == [*range(last + 1, last + 11)]


async def test_who_asks_for_what_is_kept_no_more_is_told(serving: Serving) -> None:
    async with serving() as served:
        async with looking(served, last="12") as reader:
            assert (await reader.event())[0] == "gone"
        async with looking(served, last="9007199254740991") as reader:
            assert (await reader.event())[0] == "gone"
            happens(served, 1)
            assert (await reader.event())[0] == "action"


async def test_only_so_many_look_on_at_a_time(serving: Serving) -> None:
    async with serving() as served:
        with ExitStack() as looking_on:
            for _ in range(MOST_VIEWERS):
                looking_on.enter_context(served.plant.onlookers.feed.viewing(lambda _: True))
            answer = await ask(served.app, "GET", LIVE, READ)
        another = await ask(served.app, "GET", LIVE, READ)
    assert another.status == 200
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")


async def test_who_looks_on_does_not_hold_up_the_end(serving: Serving) -> None:
    async with serving() as served, asyncio.TaskGroup() as group:
        run = group.create_task(served.plant.onlookers.run())
        async with looking(served) as reader:
            happens(served, 1)
            assert (await reader.event())[0] == "action"
            happens(served, 1)
            run.cancel()
            assert (await reader.event())[0] == "action"
            with pytest.raises(EOFError):
                await reader.event()
