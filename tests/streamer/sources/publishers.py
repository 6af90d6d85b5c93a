"""Publishers and streams to publish to, that the tests of WebRTC share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from aiortc import RTCPeerConnection

from streamer.frame import Frame
from streamer.health import Health
from streamer.media.packets import PacketTap
from streamer.sources.peer_pictures import PeerLimits, PeerPictures
from streamer.sources.signalling import Endpoint
from streamer.sources.taps import Taps, ViewTap
from streamer.sources.webrtc import IceOptions
from streamer.sources.whep import PulledSource
from streamer.sources.whip import PublishedSource
from streamer.testing.peers import Draw, DrawnTrack, WhepServer, answered, offered, peer
from streamer.web import make_app, serve
from tests.streamer.sources.cameras import CLOCK, DEMAND, Counts, draw

DIRECT = IceOptions()
LIMITS = PeerLimits(open_timeout_s=5.0, stall_timeout_s=5.0)


def published_source(
    counts: Counts | None = None,
    ice: IceOptions = DIRECT,
    tap: PacketTap | None = None,
    view: ViewTap | None = None,
    **limits: float,
) -> PublishedSource:
    limits_of = replace(LIMITS, **limits)  # type: ignore[arg-type]
    pictures = PeerPictures("cam", limits_of, DEMAND, CLOCK, counts, taps=Taps(tap, view))
    return PublishedSource(pictures, ice)


@asynccontextmanager
async def publishing(source: PublishedSource, *tracks: Any, **more: Any) -> AsyncIterator[RTCPeerConnection]:
    """A publisher, taken by the source."""
    async with peer(*tracks, **more) as connection:
        session = await source.publish(await offered(connection))
        await answered(connection, session.answer)
        yield connection


@asynccontextmanager
async def republishing(source: PublishedSource, draw: Draw) -> AsyncIterator[None]:
    """A publisher that comes again whenever its session is over, as OBS does."""

    async def publish_again() -> None:
        while True:
            async with publishing(source, DrawnTrack(draw)) as publisher:
                while publisher.connectionState not in ("closed", "failed") and source._peer is not None:
                    await CLOCK.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        publisher = group.create_task(publish_again())
        yield
        publisher.cancel()


async def some(source: PublishedSource, wanted: int, epoch: int = 1) -> list[Frame]:
    """The first frames of an attempt."""
    taken: list[Frame] = []
    async with aclosing(source.frames(epoch)) as frames:
        async for frame in frames:
            taken.append(frame)
            if len(taken) == wanted:
                break
    return taken


@asynccontextmanager
async def playing(token: str | None = None) -> AsyncIterator[tuple[WhepServer, str]]:
    site = WhepServer(lambda: DrawnTrack(draw), token)
    app = make_app(Health(), lambda: ("text/plain", b""), {"/whep/": site})
    async with serve("127.0.0.1", 0, app) as port:
        yield site, f"http://127.0.0.1:{port}/whep/cam"
        await site.close()


def pulled(url: str, token: str | None = None, timeout_s: float = 5.0) -> PulledSource:
    pictures = PeerPictures("cam", LIMITS, DEMAND, CLOCK)
    return PulledSource(pictures, IceOptions(), Endpoint(url, token, timeout_s=timeout_s))
