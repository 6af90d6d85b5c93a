"""A service that runs for long takes no more than at its beginning: memory, threads, open files."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil
import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.streamer.plants import blinking_film

SECONDS = float(os.environ.get("SOAK_SECONDS", "900")) * 2 / 3
GROWTH_MIB = 8.0
"""Of the median resident memory, from the second to the last fifth; what the allocator keeps wavers by a few."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a process holds at a moment."""

    after_s: float
    rss_mib: float
    threads: int
    files: int


async def watched(pid: int, seconds: float) -> list[Taken]:
    """What a process takes, sampled for so long."""
    process, clock = psutil.Process(pid), asyncio.get_running_loop().time
    began_s, taken = clock(), []

    def long_enough() -> bool:
        after_s = clock() - began_s
        with process.oneshot():
            rss_mib = process.memory_info().rss / 2**20
            taken.append(Taken(after_s, rss_mib, process.num_threads(), process.num_fds()))
        return after_s >= seconds

    await until(long_enough, seconds + 30)
    return taken


def fifth(taken: list[Taken], number: int) -> list[Taken]:
    """The nth fifth of the time, from 1."""
    length_s = taken[-1].after_s / 5
    return [one for one in taken if (number - 1) * length_s <= one.after_s < number * length_s]


@pytest.mark.e2e
@pytest.mark.full
@pytest.mark.timeout(SECONDS + 300)
async def test_a_long_run_takes_no_more_than_its_beginning(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """One camera's action begins and ends every two seconds, another camera is never there."""
    with GstServer({"live": blinking_film(tmp_path / "film.mp4")}) as server:
        streams = [
            rtsp("cam", server.address("live"), "light"),
            rtsp("away", "rtsp://127.0.0.1:1/nobody", "light"),
        ]
        streams[0]["watches"][0]["events"] = {"default": {"smooth_s": 0, "release_s": 0}}
        async with Takt(tmp_path, broker.port, {"light": brightness(tmp_path / "net")}, streams) as takt:
            await until(lambda: consumer.events("cam", "ended"))
            taken = await watched(takt.pid, SECONDS)
            assert await takt.stop() == 0

    early, late = fifth(taken, 2), fifth(taken, 5)
    assert median(one.rss_mib for one in late) - median(one.rss_mib for one in early) < GROWTH_MIB
    for name in ("threads", "files"):
        assert median(getattr(one, name) for one in late) <= median(getattr(one, name) for one in early), name
    assert_lawful(consumer.payloads(), all_ended=True)
    assert len(consumer.events("cam", "ended")) > SECONDS / 10
