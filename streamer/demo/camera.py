"""The simulated work cell as a real RTSP camera, in its own process."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from streamer.clock import SystemClock
from streamer.demo.companion import companion, serve_until_alone
from streamer.demo.session import session_of
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import RtspCamera

FPS = 16
HEIGHT_PX = 360


@dataclass(frozen=True, slots=True)
class CellCamera:
    """A running camera."""

    url: str
    began_at: float
    """Unix seconds at which the session at the bench began."""


@asynccontextmanager
async def cell_camera(seed: int, mistakes: bool = False) -> AsyncIterator[CellCamera]:
    """Show the session of a seed on loopback until the block ends, with mistakes in it or not.

    Raises:
        TaktError: it did not start.
    """
    options = ["--mistakes"] if mistakes else []
    async with companion("streamer.demo.camera", "--seed", str(seed), *options) as ready:
        yield CellCamera(**ready)


async def _serve(seed: int, mistakes: bool, parent: int) -> None:
    feed = PictureFeed(session_of(seed, mistakes, HEIGHT_PX).draw, FPS, SystemClock())
    async with RtspCamera(feed) as camera:
        await serve_until_alone(parent, {"url": camera.url, "began_at": feed.began_at})


def main() -> None:
    parser = argparse.ArgumentParser(description="a simulated work cell as RTSP camera on loopback")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--mistakes", action="store_true")
    parser.add_argument("--parent", type=int, required=True, help="process to end with")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.seed, arguments.mistakes, arguments.parent))


if __name__ == "__main__":
    main()
