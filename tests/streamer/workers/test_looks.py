"""Pictures are asked for while somebody looks, and nobody is looked at for people who have gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest

from streamer.errors import NotNow
from streamer.testing.time import FakeClock
from streamer.workers.looks import IDLE_S, TIDY_S, Looks

PICTURE = b"\xff\xd8 a picture"


class FakeLive:
    """Shows what it is given, to whoever looks."""

    def __init__(self) -> None:
        self.looking: list[str] = []
        self.shown: asyncio.Queue[bytes] = asyncio.Queue()
        self.ends = False

    async def snapshot(self, stream: str, width: int) -> bytes:
        if stream != "cam":
            raise KeyError(stream)
        return PICTURE

    def mjpeg(self, stream: str, width: int, fps: float) -> AsyncGenerator[bytes, None]:
        if stream != "cam":
            raise KeyError(stream)
        return self._pictures(stream)

    async def _pictures(self, stream: str) -> AsyncGenerator[bytes, None]:
        self.looking.append(stream)
        try:
            while not self.ends:
                yield await self.shown.get()
        finally:
            self.looking.remove(stream)


def wants(stream: str = "cam", view: str = "1") -> dict[str, object]:
    return {"view": view, "stream": stream, "width": 160, "fps": 5.0}


@asynccontextmanager
async def looks() -> AsyncIterator[tuple[Looks, FakeLive, FakeClock]]:
    live, clock = FakeLive(), FakeClock()

    async def room() -> None:
        await asyncio.sleep(0)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        known = Looks(live, room, clock)
        running = group.create_task(known.run())
        await asyncio.sleep(0)
        yield known, live, clock
        running.cancel()


async def test_pictures_come_one_after_the_other_as_they_are_asked_for() -> None:
    async with looks() as (known, live, _):
        for number in range(3):
            live.shown.put_nowait(PICTURE + bytes([number]))
            assert set(await known.picture(wants())) == {"jpeg"}
        assert live.looking == ["cam"], "one look, however many pictures"


async def test_nobody_is_looked_at_before_the_first_is_asked_for_nor_after_the_last_viewer() -> None:
    async with looks() as (known, live, _):
        assert live.looking == []
        live.shown.put_nowait(PICTURE)
        await known.picture(wants())
        known.leave("1")
        for _ in range(5):
            await asyncio.sleep(0)
        assert live.looking == []


async def test_who_does_not_ask_any_more_is_forgotten() -> None:
    async with looks() as (known, live, clock):
        live.shown.put_nowait(PICTURE)
        await known.picture(wants())
        await clock.advance(IDLE_S + 2 * TIDY_S)
        assert live.looking == []


async def test_who_looks_is_told_when_nothing_comes_any_more() -> None:
    async with looks() as (known, live, _):
        live.shown.put_nowait(PICTURE)
        assert "jpeg" in await known.picture(wants())
        live.ends = True
        live.shown.put_nowait(PICTURE)
        assert "jpeg" in await known.picture(wants())
        assert await known.picture(wants()) == {"over": True}


async def test_of_a_stream_that_is_not_there_nothing_is_shown() -> None:
    async with looks() as (known, live, _):
        with pytest.raises(KeyError):
            await known.picture(wants("nobody"))
        with pytest.raises(KeyError):
            await known.snapshot({"stream": "nobody", "width": 160})
        assert live.looking == []


async def test_before_it_runs_it_says_so() -> None:
    async def room() -> None:
        await asyncio.sleep(0)

    with pytest.raises(NotNow):
        await Looks(FakeLive(), room, FakeClock()).picture(wants())
