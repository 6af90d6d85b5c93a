"""What people who look at cameras cost, and how old what they see is.

usage: python -m benchmarks.live [--seconds 10]

Cost: CPU time of this process for a second of a camera of 1280x720 at 25 pictures a second (a film, as quick as a
camera), decoded for a network, without any way to look, with one, and with people who look. Latency: from the moment a
camera sends the first bright picture of a film that is dark and bright by turns, to the first bright JPEG. Run it on a
quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from benchmarks.evidence import DEMAND
from benchmarks.evidence import film as noisy
from benchmarks.webrtc import NotedFeed, film, service
from streamer.clock import SystemClock
from streamer.evidence.privacy import Privacy, Redactor
from streamer.frame import Frame
from streamer.live import Limits, LiveViews
from streamer.sources.address import Address
from streamer.sources.libav import LibavSource
from streamer.sources.taps import NO_TAPS, Taps
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import RtspCamera
from tests.streamer.live.screens import Counts, seen, staged

CLOCK = SystemClock()
LOOKS = {
    "one at 640, 10 a second": [(640, 10.0)],
    "one at 640, 5 a second": [(640, 5.0)],
    "one at 1280, 10 a second": [(1280, 10.0)],
    "eight at 640, 10 a second": [(640, 10.0)] * 8,
    "one at 640 and one at 320": [(640, 10.0), (320, 10.0)],
}
MASK = ((0.1, 0.1), (0.4, 0.1), (0.25, 0.6))


async def follow(frames: AsyncIterator[Frame]) -> None:
    async for _ in frames:
        pass


async def look(views: LiveViews, width: int, fps: float) -> None:
    async with aclosing(views.mjpeg("cam", width, fps)) as pictures:
        async for _ in pictures:
            pass


async def cost(path: Path, looks: list[tuple[int, float]] | None, privacy: Privacy, seconds: float) -> float:
    """CPU seconds for a second of the stream; `looks` None: nobody ever can."""
    views = LiveViews(Limits(), CLOCK, Counts())
    taps = NO_TAPS if looks is None else Taps(view=staged(views, Redactor(privacy)))
    source = LibavSource("cam", Address(str(path)), DEMAND, CLOCK, taps=taps)
    async with aclosing(source.frames(1)) as frames, asyncio.TaskGroup() as group:
        tasks = [group.create_task(follow(frames))]
        tasks += [group.create_task(look(views, width, fps)) for width, fps in looks or ()]
        await CLOCK.sleep(1.0)
        before, began = time.process_time(), time.monotonic()
        await CLOCK.sleep(seconds)
        used = (time.process_time() - before) / (time.monotonic() - began)
        for task in tasks:
            task.cancel()
    views.close()
    return used


async def delays_ms(path: Path, turns: int) -> list[float]:
    """From each first bright picture that was sent to the first that was seen."""
    views, feed, seen_s, bright = LiveViews(Limits(), CLOCK, Counts()), NotedFeed(path), list[float](), True
    async with RtspCamera(feed) as camera:
        taps = Taps(view=staged(views))
        source = LibavSource("cam", Address(camera.url), DEMAND, CLOCK, taps=taps)
        async with aclosing(source.frames(1)) as frames, asyncio.TaskGroup() as group:
            following = group.create_task(follow(frames))
            async with aclosing(views.mjpeg("cam", 640, 15)) as pictures:
                async for jpeg in pictures:
                    came_s, was = time.monotonic(), bright
                    bright = seen(jpeg).mean() > 128
                    seen_s += [came_s] if bright and not was else []
                    if len(seen_s) == turns:
                        break
            following.cancel()
    views.close()
    sent = [max(at_s for at_s in feed.turned_s if at_s <= one) for one in seen_s]
    return [1000 * (one - at_s) for one, at_s in zip(seen_s, sent, strict=True)]


async def over_http(path: Path, viewers: Sequence[int], seconds: float) -> list[float]:
    """CPU seconds of a whole `takt run` for a second of one camera, with so many who look: 640 pixels, 10 a second."""
    used = []
    async with RtspCamera(FilmFeed(path, CLOCK)) as camera:
        stream = {"id": "cam", "source": {"kind": "rtsp", "url": camera.url}}
        async with service(path.parent, [stream]) as running:
            await CLOCK.sleep(5.0)
            for count in viewers:
                async with asyncio.TaskGroup() as group:
                    tasks = [group.create_task(view(running.urls["api"])) for _ in range(count)]
                    await CLOCK.sleep(2.0)
                    before = running.cpu_s()
                    await CLOCK.sleep(seconds)
                    used.append((running.cpu_s() - before) / seconds)
                    for task in tasks:
                        task.cancel()
    return used


async def view(api: str) -> None:
    """As an `<img>` does."""
    where = urlsplit(f"{api}/streams/cam/live.mjpeg?width=640&fps=10")
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    writer.write(f"GET {where.path}?{where.query} HTTP/1.1\r\nHost: {where.netloc}\r\n\r\n".encode())
    try:
        assert b"200" in await reader.readline()
        while await reader.read(1 << 16):
            pass
    finally:
        writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    seconds = parser.parse_args().seconds
    with TemporaryDirectory() as folder:
        path = noisy(Path(folder) / "film.mp4", 1280, 720, 2_500_000)
        least = asyncio.run(cost(path, None, Privacy(), seconds))
        print(f"{'nobody can look':34s} {100 * least:5.1f} % of a core")
        for name, looks, privacy in [
            ("somebody can, nobody does", [], Privacy()),
            *((name, looks, Privacy()) for name, looks in LOOKS.items()),
            ("one at 640, 10, with a mask", [(640, 10.0)], Privacy((MASK,))),
        ]:
            used = asyncio.run(cost(path, looks, privacy, seconds))
            print(f"{name:34s} {100 * used:5.1f} % of a core, {100 * (used - least):+5.1f}", flush=True)
        late = sorted(asyncio.run(delays_ms(film(Path(folder)), 10)))
        viewers = (0, 1, 8)
        for count, used in zip(viewers, asyncio.run(over_http(path, viewers, seconds)), strict=True):
            print(f"a whole service, {count} look over HTTP: {100 * used:5.1f} % of a core", flush=True)
    print(f"camera to JPEG: median {statistics.median(late):.0f} ms, of {len(late)} the latest {late[-1]:.0f} ms")


if __name__ == "__main__":
    main()
