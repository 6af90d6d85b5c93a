"""Publishers and streams to publish to, that the tests of WebRTC share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any

from aiortc import RTCPeerConnection

from streamer.frame import Frame
from streamer.sources.peer_pictures import PeerLimits, PeerPictures
from streamer.sources.webrtc import IceOptions
from streamer.sources.whip import PublishedSource
from streamer.testing.peers import answered, offered, peer
from tests.streamer.sources.cameras import CLOCK, DEMAND, Counts

DIRECT = IceOptions()
LIMITS = PeerLimits(open_timeout_s=5.0, stall_timeout_s=5.0)


def published_source(counts: Counts | None = None, ice: IceOptions = DIRECT, **limits: float) -> PublishedSource:
    pictures = PeerPictures("cam", replace(LIMITS, **limits), DEMAND, CLOCK, counts)  # type: ignore[arg-type]
    return PublishedSource(pictures, ice)


@asynccontextmanager
async def publishing(source: PublishedSource, *tracks: Any, **more: Any) -> AsyncIterator[RTCPeerConnection]:
    """A publisher, taken by the source."""
    async with peer(*tracks, **more) as connection:
        session = await source.publish(await offered(connection))
        await answered(connection, session.answer)
        yield connection


async def some(source: PublishedSource, wanted: int, epoch: int = 1) -> list[Frame]:
    """The first frames of an attempt."""
    taken: list[Frame] = []
    async with aclosing(source.frames(epoch)) as frames:
        async for frame in frames:
            taken.append(frame)
            if len(taken) == wanted:
                break
    return taken
