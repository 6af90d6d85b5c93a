"""An application with the API of fakes, in every way that it may be guarded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI

from streamer.access import Token
from streamer.health import Health
from streamer.testing.api import TOKENS, Plant, history_in
from streamer.testing.time import FakeClock
from streamer.web import ApiDoor, make_app


class Served:
    """The application, and what is behind it."""

    def __init__(self, plant: Plant, clock: FakeClock) -> None:
        self.plant, self.clock, self.door = plant, clock, ApiDoor()
        self.door.open(plant.api)
        self.app: FastAPI = make_app(Health(), lambda: ("text/plain", b"takt_up 1\n"), {}, self.door)


Serving = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    """Opens an application; by default with a token of each scope."""

    @asynccontextmanager
    async def opened(tokens: Sequence[Token] = TOKENS, loopback: bool = True) -> AsyncIterator[Served]:
        clock = FakeClock()
        async with history_in(tmp_path, clock) as history:
            yield Served(Plant(history, clock, tokens, loopback), clock)

    return opened
