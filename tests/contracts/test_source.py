"""The law of sources, for every kind of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from streamer.errors import SourceUnavailable
from streamer.sources.address import Address
from streamer.sources.base import Source
from streamer.testing.feeds import FilmFeed
from streamer.testing.peers import loopback_only
from streamer.testing.rtsp import RtspCamera
from streamer.testing.sources import ScriptedSource
from streamer.testing.time import FakeClock
from tests.streamer.sources.cameras import CLOCK, decode_threads, draw, film, source, take
from tests.streamer.sources.publishers import playing, published_source, pulled, republishing


@pytest.fixture(params=["recording", "paced recording", "camera", "published", "pulled", "scripted"])
async def any_source(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Source]:
    match request.param:
        case "recording":
            yield source(Address(str(film(tmp_path)), pace="fast"))
        case "paced recording":
            yield source(Address(str(film(tmp_path)), pace="live"))
        case "camera":
            async with RtspCamera(FilmFeed(film(tmp_path), CLOCK)) as camera:
                yield source(Address(camera.url))
        case "published":
            published = published_source()
            with loopback_only():
                async with republishing(published, draw):
                    yield published
        case "pulled":
            with loopback_only():
                async with playing() as (_, url):
                    yield pulled(url)
        case _:
            yield ScriptedSource("cam", [[n * 0.04 for n in range(50)]], FakeClock(hurried=True))
    assert decode_threads() == []


async def test_everything_grows(any_source: Source) -> None:
    frames = await take(any_source, 20, epoch=5)
    assert len(frames) == 20
    assert {(frame.stream, frame.epoch) for frame in frames} == {("cam", 5)}
    for name in ("index", "captured_at", "media_s"):
        values = [getattr(frame, name) for frame in frames]
        assert (np.diff(values) > 0).all(), name
    assert frames[0].media_s >= 0


async def test_pictures_are_of_one_size_and_stay(any_source: Source) -> None:
    frames = await take(any_source, 10)
    assert len({frame.picture.shape for frame in frames}) == 1
    assert all(frame.picture.dtype == np.uint8 for frame in frames)
    assert len({frame.picture.ctypes.data for frame in frames}) == 10


async def test_nothing_is_left_after_close(any_source: Source) -> None:
    frames = any_source.frames(1)
    await anext(frames)
    await frames.aclose()
    assert decode_threads() == []


async def test_nothing_is_left_after_cancel(any_source: Source) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with aclosing(any_source.frames(1)) as frames:
            async for _ in frames:
                begun.set()
                await asyncio.sleep(0)

    reader = asyncio.ensure_future(read())
    await begun.wait()
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    assert decode_threads() == []


async def test_attempts_can_follow_each_other(any_source: Source) -> None:
    for epoch in (1, 2):
        frames = await take(any_source, 3, epoch)
        assert [frame.epoch for frame in frames] == [epoch] * 3
        assert frames[0].media_s < 0.1


async def test_a_live_source_that_ends_says_so(tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK)) as camera:
        frames = source(Address(camera.url)).frames(1)
        await anext(frames)
        camera.hang_up()
        with pytest.raises(SourceUnavailable) as caught:
            async for _ in frames:
                pass
    assert caught.value.reason == "eof"
