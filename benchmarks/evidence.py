"""What pictures of events cost: packets kept in memory, a clip, a snapshot, and clips in which something is hidden.

usage: python -m benchmarks.evidence [--actors FastestDet.onnx]

CPU seconds of this process, on films made here (a square that circles over noise). Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from recognizers.clip import ClipSpec, Region
from recognizers.estimators.fastestdet import FastestDet
from streamer.clock import SystemClock
from streamer.evidence.darkroom import Darkroom
from streamer.evidence.develop import MOST_PEOPLE, UNSURE
from streamer.evidence.developing import Developer, Here
from streamer.evidence.orders import ClipOrder, Order, SnapshotOrder
from streamer.evidence.privacy import Privacy
from streamer.media.packets import Excerpt, PacketTap
from streamer.media.ring import PacketRing
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need
from streamer.sources.libav import LibavSource
from streamer.sources.taps import Taps
from streamer.testing.film import moving_square, write_film
from streamer.testing.messages import action_event

SECONDS, FPS = 12, 25
SIZES = {"640x360": (640, 360, 1_000_000), "1920x1080": (1920, 1080, 4_000_000)}
DEMAND = Demand((Need(ClipSpec(frames=16, interval_s=0.08, hop_s=0.5, short_side_px=112), Region()),))
CLOCK = SystemClock()
MASK = ((0.1, 0.1), (0.4, 0.1), (0.25, 0.6))


def film(path: Path, width: int, height: int, bit_rate: int) -> Path:
    """As large as a camera's: noise that moves costs bits."""
    noise = np.random.default_rng(7).integers(0, 12, (height, width, 3)).astype(np.uint8)
    pictures = (
        picture // 2 + np.roll(noise, 3 * number, axis=1)
        for number, picture in enumerate(moving_square(SECONDS, FPS, width, height))
    )
    return write_film(path, pictures, FPS, bit_rate=bit_rate, g=str(2 * FPS), sc_threshold="0")


def cpu_s(work: Callable[[], object], times: int = 3) -> float:
    """The least of some runs."""
    taken = []
    for _ in range(times):
        before = time.process_time()
        work()
        taken.append(time.process_time() - before)
    return min(taken)


def read(path: Path, tap: PacketTap | None) -> None:
    """Decode a film as a stream is, without waiting."""

    async def all_of_it() -> None:
        source = LibavSource("film", Address(str(path), pace="fast"), DEMAND, CLOCK, taps=Taps(tap))
        async for _ in source.frames(1):
            pass

    asyncio.run(all_of_it())


def kept(path: Path) -> Excerpt:
    """Ten seconds of it, taken as from a camera."""
    ring = PacketRing(60.0, 64 << 20)
    read(path, ring)
    return ring.excerpt(1, 1.0, 11.0)


def orders(path: Path, actors: str | None) -> dict[str, Order]:
    excerpt, event, shows = kept(path), action_event(), Privacy()
    clip = ClipOrder(event, excerpt, event.at, (event.at, event.at + 10), shows)
    last = replace(excerpt, pictures=excerpt.pictures[:FPS])
    regions = (Region(0.3, 0.2, 0.7, 0.9),)
    made: dict[str, Order] = {"clip as it came": clip, "snapshot": SnapshotOrder(event, regions[0], last, shows)}
    made["clip with a mask"] = replace(clip, privacy=Privacy((MASK,)))
    made["clip without surroundings"] = replace(clip, privacy=Privacy(blur="surroundings", regions=regions))
    if actors is not None:
        made["clip without people"] = replace(clip, privacy=Privacy(blur="people"))
    return made


def lag_ms(order: Order, developer: Developer) -> tuple[float, float]:
    """How late an event loop comes to what is due every 4 ms while a file is made beside it: median and 99 %."""

    async def ticking() -> list[float]:
        late = []
        with ThreadPoolExecutor(1) as thread:
            making = thread.submit(order.content, developer)
            while not making.done():
                before = time.perf_counter()
                await CLOCK.sleep(0.004)
                late.append(1000 * (time.perf_counter() - before - 0.004))
        return sorted(late)

    late = asyncio.run(ticking())
    return late[len(late) // 2], late[int(0.99 * (len(late) - 1))]


def longest_step_ms() -> float:
    """What the event loop does for a clip: a cut of 40 s of 30 pictures a second, with key frames 2 s apart."""
    with TemporaryDirectory() as folder:
        excerpt = kept(film(Path(folder) / "film.mp4", 160, 96, 300_000))
    ring, unit = PacketRing(60.0, 64 << 20), 12_800 // 30
    ring.opened(1, excerpt.coding)
    ring.began(0.0)
    for number in range(40 * 30):
        ring.keep(replace(excerpt.pictures[0], pts=number * unit, dts=number * unit, is_key=number % 60 == 0))
    taken = []
    for _ in range(50):
        before = time.perf_counter()
        cut = ring.excerpt(1, 0.5, 39.5)
        _ = sum(len(picture.data) for picture in cut.pictures)
        taken.append(time.perf_counter() - before)
    return 1000 * sorted(taken)[len(taken) // 2]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--actors", help="FastestDet.onnx, for clips in which people are hidden")
    given = parser.parse_args(arguments)
    say, detector = sys.stdout.write, None
    if given.actors is not None:
        detector = FastestDet(Path(given.actors), least=UNSURE, most=MOST_PEOPLE)
    here, darkroom = Here(detector), Darkroom()
    say(f"the loop's part of a clip: {longest_step_ms():.2f} ms\n")
    for name, (width, height, bit_rate) in SIZES.items():
        with TemporaryDirectory() as folder:
            path = film(Path(folder) / "film.mp4", width, height, bit_rate)
            bits = 8 * path.stat().st_size / SECONDS
            say(f"\n{name}, {FPS} pictures a second, {bits / 1e6:.1f} Mbit/s\n")
            off, on = (1000 * cpu_s(partial(read, path, tap)) / SECONDS for tap in (None, PacketRing(20.0, 16 << 20)))
            say(f"  decoding: {off:.2f} ms of CPU a second; with packets kept {on:.2f}\n")
            made = orders(path, given.actors)
            for what, order in made.items():
                say(f"  {what}: {1000 * cpu_s(partial(order.content, here), 1):.0f} ms of CPU\n")
            for where, developer in (("a thread", here), ("a process", darkroom)):
                median, most = lag_ms(made["clip with a mask"], developer)
                say(f"  the loop beside {where} that makes a clip with a mask: {median:.1f} ms late, 99 % {most:.1f}\n")
    darkroom.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
