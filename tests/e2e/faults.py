"""A service of several workers under faults that cycle, and what it holds in the calm after each round."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from tests.e2e.consumer import Consumer
from tests.e2e.disks import fill
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, until
from tests.e2e.test_run_changes import asked
from tests.e2e.test_workers import process_of

AWAY_S = 3.0
"""How long what was taken stays away."""
CALM_S = 6.0
"""Undisturbed, at the end of each round, while it is watched."""
RECOVERED_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """What a service holds in a calm: medians, MiB."""

    at_s: float
    all_mib: float
    supervisor_mib: float
    spared_mib: float
    """The worker that is never killed."""
    threads: int
    files: int
    """Both of all processes together."""


@dataclass(frozen=True, slots=True)
class Place:
    """Everything that a round takes and gives back."""

    takt: Takt
    consumer: Consumer
    broker: Mosquitto
    cameras: Sequence[GstServer]
    disk: Path
    names: Sequence[str]
    """Of the streams."""
    mortal: Sequence[str]
    """Workers that are killed, in turn; the first one is spared."""
    began_s: float

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time() - self.began_s

    async def round(self, number: int) -> Held:
        """One fault after the other, each healed before the next."""
        worker = self.mortal[number % len(self.mortal)]
        for fault in (self._camera, self._broker, partial(self._worker, worker), self._disk):
            await fault(number)
            await self.healed()
        return await self._calm()

    async def healed(self) -> None:
        """Every camera's action ends anew, and is heard of."""
        before = {name: len(self.consumer.events(name, "ended")) for name in self.names}
        await until(
            lambda: all(len(self.consumer.events(name, "ended")) > before[name] for name in self.names), RECOVERED_S
        )

    async def _camera(self, number: int) -> None:
        camera = self.cameras[number % len(self.cameras)]
        camera.kill()
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(camera.start)

    async def _broker(self, _number: int) -> None:
        self.broker.kill()
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(self.broker.start)

    async def _worker(self, worker: str, _number: int) -> None:
        begun = self.takt.log.count("takes streams")
        os.kill(process_of(self.takt, worker), signal.SIGKILL)
        await until(lambda: self.takt.log.count("takes streams") > begun, RECOVERED_S)

    async def _disk(self, number: int) -> None:
        other = await asyncio.to_thread(fill, self.disk, f"somebody-elses-{number}")
        await asyncio.sleep(AWAY_S)
        other.unlink()

    async def _calm(self) -> Held:
        first = psutil.Process(self.takt.pid)
        spared, samples = process_of(self.takt, "0"), list[tuple[dict[int, float], int, int]]()
        end_s = self.now_s + CALM_S

        def watched() -> bool:
            everything = [first, *first.children(recursive=True)]
            samples.append(
                (
                    {one.pid: one.memory_info().rss / 2**20 for one in everything},
                    sum(one.num_threads() for one in everything),
                    sum(one.num_fds() for one in everything),
                )
            )
            return self.now_s >= end_s

        await until(watched, CALM_S + 30)
        return Held(
            at_s=self.now_s,
            all_mib=median(sum(rss.values()) for rss, _, _ in samples),
            supervisor_mib=median(rss[first.pid] for rss, _, _ in samples),
            spared_mib=median(rss[spared] for rss, _, _ in samples),
            threads=round(median(threads for _, threads, _ in samples)),
            files=round(median(files for _, _, files in samples)),
        )


async def remembered(takt: Takt) -> set[str]:
    """The id of every event that the history has: it was accepted."""
    ids, page = set[str](), "/events?limit=1000"
    answer: dict[str, Any] = {"next": 0}
    while answer["next"] is not None:
        _, answer = await asked(takt, page + (f"&before={answer['next']}" if ids else ""))
        ids |= {one["body"]["event_id"] for one in answer["events"]}
    return ids
