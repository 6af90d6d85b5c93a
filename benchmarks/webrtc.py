"""The same film by RTSP and by WHIP: how long from the glass to the event, and what a stream costs.

usage: python -m benchmarks.webrtc [--seconds 40] [--streams 4]

A film that is dark and bright by turns is played by an RTSP camera and by a WHIP publisher of this process to a
`takt run` of its own, whose small network knows bright from dark. Latency: from the moment the first bright picture
was handed to the sender to the line of the event on standard output. Cost: CPU time of the service for a second of a
stream, with `--streams` of one kind at a time, less the service without pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import statistics
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil

from streamer.clock import SystemClock
from streamer.testing.feeds import FilmFeed
from streamer.testing.film import write_film
from streamer.testing.peers import FilmTrack, answered, loopback_only, offered, peer
from streamer.testing.rtp import AccessUnit
from streamer.testing.rtsp import RtspCamera
from tests.e2e.networks import brightness

FPS, TURN = 25, 50
TOKEN = "0123456789abcdef"
CLOCK = SystemClock()
Said = dict[str, Any]


def film(folder: Path) -> Path:
    """Two seconds dark, two bright, over noise; a key frame a second."""
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 20, (360, 640, 3)).astype(np.uint8)
    pictures = (np.roll(noise, 3 * n, axis=1) + np.uint8(200 if n >= TURN else 10) for n in range(2 * TURN))
    return write_film(folder / "blink.mp4", pictures, FPS, bit_rate=1_500_000, g=str(FPS), bf="0")


class NotedFeed(FilmFeed):
    """Remembers when each first bright picture went out."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, CLOCK)
        self.turned_s: list[float] = []

    async def units(self) -> AsyncGenerator[AccessUnit, None]:
        number = 0
        async for unit in super().units():
            if number % (2 * TURN) == TURN:
                self.turned_s.append(time.monotonic())
            number += 1
            yield unit


class NotedTrack(FilmTrack):
    def __init__(self, path: Path) -> None:
        super().__init__(path, CLOCK)
        self.turned_s: list[float] = []

    async def recv(self) -> Any:
        packet = await super().recv()
        if (self._sent - 1) % (2 * TURN) == TURN:
            self.turned_s.append(time.monotonic())
        return packet


class Service:
    def __init__(self, process: Process) -> None:
        self._process = process
        self.urls: Said = {}
        self.starts_s: dict[str, list[float]] = {}

    async def listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            body = said.get("payload", {})
            if not self.urls:
                self.urls = said
            elif body.get("phase") == "started":
                self.starts_s.setdefault(body["stream"], []).append(time.monotonic())

    def cpu_s(self) -> float:
        used = psutil.Process(self._process.pid).cpu_times()
        return float(used.user + used.system)


@asynccontextmanager
async def service(folder: Path, streams: Sequence[Said]) -> AsyncIterator[Service]:
    network = brightness(folder / "net")
    watches = [{"id": "eye", "recognizer": "eye", "events": {"default": {"dwell_s": 0, "smooth_s": 0}}}]
    settings = {
        "data_dir": str(folder / f"data-{len(streams)}-{time.monotonic_ns()}"),
        "http": {"port": 0},
        "log": {"level": "error"},
        "recognizers": {"eye": {"checkpoint": str(network), "hop_s": 0.08}},
        "streams": [one | {"watches": watches} for one in streams],
    }
    config = folder / "takt.yaml"
    config.write_text(json.dumps(settings))
    command = [sys.executable, "-c", "from streamer.cli import main; raise SystemExit(main())", "run", "--json", config]
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    running = Service(process)
    async with asyncio.TaskGroup() as group:
        listening = group.create_task(running.listen())
        while not running.urls:
            await CLOCK.sleep(0.1)
        try:
            yield running
        finally:
            process.terminate()
            await process.wait()
            listening.cancel()


async def publish(stack: AsyncExitStack, url: str, track: FilmTrack) -> None:
    connection = await stack.enter_async_context(peer(track, codec="h264"))
    offer = await offered(connection)
    await answered(connection, await asyncio.to_thread(post, url, offer))


def post(url: str, offer: str) -> str:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {TOKEN}"}
    connection.request("POST", parts.path, offer, headers)
    reply = connection.getresponse()
    if reply.status != 201:
        raise RuntimeError(f"{reply.status} {reply.read()!r}")
    return reply.read().decode()


def rtsp(name: str, url: str) -> Said:
    return {"id": name, "source": {"kind": "rtsp", "url": url}}


def whip(name: str) -> Said:
    return {"id": name, "source": {"kind": "whip", "token": TOKEN}}


def delays(turned_s: Sequence[float], starts_s: Sequence[float]) -> list[float]:
    """From each turn to the first start after it, while it is bright."""
    found = ((turn, [start - turn for start in starts_s if 0 < start - turn < 2]) for turn in turned_s)
    return [after[0] for _, after in found if after]


async def latency(folder: Path, seconds: float) -> dict[str, list[float]]:
    """Both at once, so that whatever else the machine does is done to both."""
    feed, track = NotedFeed(film(folder)), NotedTrack(film(folder))
    async with AsyncExitStack() as stack:
        camera = await stack.enter_async_context(RtspCamera(feed))
        running = await stack.enter_async_context(service(folder, [rtsp("rtsp", camera.url), whip("whip")]))
        await publish(stack, f"{running.urls['publish']}whip", track)
        await CLOCK.sleep(seconds)
        return {
            "rtsp": delays(feed.turned_s, running.starts_s.get("rtsp", [])),
            "whip": delays(track.turned_s, running.starts_s.get("whip", [])),
        }


async def cost(folder: Path, kind: str, streams: int, seconds: float) -> float:
    """CPU seconds of the service in a second, with so many streams of a kind."""
    path = film(folder)
    async with AsyncExitStack() as stack:
        cameras = [await stack.enter_async_context(RtspCamera(FilmFeed(path, CLOCK))) for _ in range(streams)]
        sections = [rtsp(f"s{n}", one.url) if kind == "rtsp" else whip(f"s{n}") for n, one in enumerate(cameras)]
        running = await stack.enter_async_context(service(folder, sections or [whip("idle")]))
        if kind == "whip":
            for section in sections:
                await publish(stack, f"{running.urls['publish']}{section['id']}", FilmTrack(path, CLOCK))
        await CLOCK.sleep(5)
        before_s, began_s = running.cpu_s(), time.monotonic()
        await CLOCK.sleep(seconds)
        return (running.cpu_s() - before_s) / (time.monotonic() - began_s)


async def main(seconds: float, streams: int) -> None:
    with TemporaryDirectory() as name, loopback_only():
        folder = Path(name)
        for kind, taken in (await latency(folder, seconds)).items():
            ordered = sorted(taken)
            median, late = 1000 * statistics.median(ordered), 1000 * ordered[int(0.95 * len(ordered))]
            sys.stdout.write(f"{kind}: {len(taken)} events, {median:.0f} ms (median), {late:.0f} ms (95 %)\n")
        idle = await cost(folder, "whip", 0, seconds / 4)
        for kind in ("rtsp", "whip"):
            used = await cost(folder, kind, streams, seconds / 2)
            sys.stdout.write(f"{kind}: {100 * (used - idle) / streams:.1f} % of a core for each of {streams} streams\n")
        sys.stdout.write(f"without pictures: {100 * idle:.1f} % of a core\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--streams", type=int, default=4)
    given = parser.parse_args()
    asyncio.run(main(given.seconds, given.streams))
