"""Whatever is asked, nothing fails by a bug, and what is answered is what the document says."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from streamer.allowance import Minutes
from streamer.health import Health
from streamer.testing.api import TOKENS, Plant, history_in
from streamer.testing.messages import action_event, cycle_end, cycle_start, step_done
from streamer.testing.time import FakeClock
from streamer.web import API, ApiDoor, make_app, serve
from streamer.wire import message_of
from tests.streamer.web.asgi import BEARER

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
EXAMPLES = 10
DOCUMENT = schemathesis.openapi.from_dict(ApiDoor().document)


class Generous(Minutes):
    """Whoever tries everything is asked for no patience."""

    def lets(self, name: str, now_s: float) -> bool:
        return True


class Running:
    """A server in a thread of its own, with a stream, events and labels."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ready, self.url = threading.Event(), ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="api")

    def __enter__(self) -> Running:
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop, self._stop, clock = asyncio.get_running_loop(), asyncio.Event(), FakeClock(hurried=True)
        async with history_in(self._folder, clock) as history:
            plant, door = Plant(history, clock, TOKENS, True), ApiDoor()
            door.changes = Generous(1)
            begun = cycle_start()
            happened = [begun, step_done(begun), cycle_end(begun), action_event()]
            plant.onlookers.stored([message_of(event, "rtcp") for event in happened])
            door.open(plant.api)
            app = make_app(Health(), lambda: ("text/plain", b""), {}, door)
            async with serve("127.0.0.1", 0, app) as port:
                self.url = f"http://127.0.0.1:{port}{API}"
                self._ready.set()
                await self._stop.wait()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Running(tmp_path_factory.mktemp("api")) as server:
        yield server


@DOCUMENT.exclude(path_regex=r"/events/live$").parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked(case: schemathesis.Case, running: Running) -> None:
    headers = {"Authorization": BEARER["admin"]}
    answer = case.call(base_url=running.url, headers=headers)
    case.validate_response(answer, checks=CHECKS)
    assert b"Traceback" not in answer.content
