"""RTSP cameras that play films without coding anything, as cheap as they can be. Run as a process.

usage: python -m benchmarks.cameras FILM...

Prints one JSON line with a URL for each film; any number of clients may play each. Ends on SIGTERM.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from streamer.clock import SystemClock
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import RtspCamera


async def serve(films: list[Path]) -> None:
    clock = SystemClock()
    async with AsyncExitStack() as stack:
        cameras = [await stack.enter_async_context(RtspCamera(FilmFeed(film, clock))) for film in films]
        print(json.dumps({"urls": [camera.url for camera in cameras]}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve([Path(name) for name in sys.argv[1:]]))
