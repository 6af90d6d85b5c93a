"""Where more is asked than can be done, the least important streams are looked at less often, and nothing collapses."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.capacity import bucket_quantile
from recognizers.build import build_recognizer
from recognizers.clip import Picture
from recognizers.cost import measured
from streamer.placement import MOST_LEVEL
from streamer.testing.film import write_film
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SIZE, SPEC, write_network
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run_changes import asked
from tests.e2e.test_workers import placed

pytestmark = [pytest.mark.e2e, pytest.mark.full]

DEAR_SIZE = replace(SIZE, width=48, depths=(2, 2, 2, 2))
DEAR = replace(SPEC, interval_s=0.04, short_side_px=112)
HIGH, LOW = ("high-0", "high-1"), tuple(f"low-{n}" for n in range(6))
ASKED = 1.35
"""Of the two workers, if a batch took as long beside another as alone; two threads of one core are slower."""
SETTLED_S, WINDOW_S = 20.0, 10.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Who is where, and how far it is degraded. Who is nowhere was refused."""

    worker: dict[str, str]
    level: dict[str, int]

    def is_just(self) -> bool:
        """Nobody of higher priority is degraded, or refused, while somebody of lower beside it could bear more."""
        refused = [name for name in HIGH if name not in self.level]
        return all(
            self.level[low] == MOST_LEVEL
            for high, low in self.beside()
            if self.level[high]
        ) and not (refused and any(low in self.level for low in LOW))  # fmt: skip

    def beside(self) -> list[tuple[str, str]]:
        """Those of high and of low priority that share a worker."""
        pairs = product(HIGH, LOW)
        known = self.worker.keys() & self.level.keys()
        return [both for both in pairs if {*both} <= known and self.worker[both[0]] == self.worker[both[1]]]


def textured() -> Iterator[Picture]:
    """Nobody stands before the lens: what is blind says so, rather than that it is degraded."""
    ground = np.random.default_rng(1).integers(0, 255, (15, 20, 3), np.uint8).repeat(8, 0).repeat(8, 1)
    for n in range(100):
        yield np.roll(ground, 4 * n, axis=1)


def dear_network(path: Path) -> tuple[Path, float]:
    """A checkpoint, and the hop at which four streams ask too much of a CPU."""
    write_network(path, DEAR, 0.0, 2.2, size=DEAR_SIZE, crop_px=112)
    recognizer = build_recognizer("slowfast", str(path), {"threads": 1})
    hop_s = 4 * measured(recognizer, 1, "torch").ms_per_decision / 1000 / ASKED
    return path, max(1, round(hop_s / DEAR.interval_s)) * DEAR.interval_s


def degraded(consumer: Consumer, stream: str) -> Iterator[int]:
    """The levels that its status told, in order."""
    for topic, payload in list(consumer.received):
        if topic == f"takt/{stream}/status" and payload:
            yield int(json.loads(payload).get("degraded", 0))


async def moment(takt: Takt) -> Moment:
    samples, worker = await takt.samples(), await placed(takt)
    levels = {one.labels["stream"]: int(one.value) for one in samples if one.name == "takt_stream_degraded"}
    return Moment(worker, levels)


async def counted(takt: Takt) -> tuple[dict[str, float], dict[float, float]]:
    """Clips that were looked at, by stream; and how long clips waited, as cumulative counts by upper bound, of all
    workers together."""
    looked, waited = dict[str, float](), Counter[float]()
    for one in await takt.samples():
        if one.name == "takt_clips_recognized_total":
            looked[one.labels["stream"]] = one.value
        elif one.name == "takt_stage_duration_seconds_bucket" and one.labels["stage"] == "queue":
            waited[float(one.labels["le"])] += one.value
    return looked, waited


async def while_relieved(takt: Takt) -> list[Moment]:
    """What is seen until somebody has been degraded for a while."""
    seen, clock = list[Moment](), asyncio.get_running_loop().time
    since_s = list[float]()

    async def long_enough() -> bool:
        seen.append(await moment(takt))
        if any(seen[-1].level.values()):
            since_s.append(clock())
        return bool(since_s) and clock() - since_s[0] >= SETTLED_S

    await until(long_enough, 60 + SETTLED_S)
    return seen


async def said(takt: Takt) -> bool:
    """Whether the API says of exactly those that are degraded that they are."""
    _, listed = await asked(takt, "/streams")
    words = {one["id"] for one in listed["streams"] if "degraded: one of" in json.dumps(one)}
    return words == {name for name, level in (await moment(takt)).level.items() if level}


async def test_the_least_important_streams_are_looked_at_less_often_first_and_say_so(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    network, hop_s = dear_network(tmp_path / "net")
    more: dict[str, Any] = {
        "workers": 2,
        "engine": {"batch": 2, "deadline_s": 0.02},
        "recognizers": {"dear": {"checkpoint": str(network), "hop_s": hop_s}},
    }
    with GstServer({"live": write_film(tmp_path / "film.mp4", textured(), 25)}) as camera:
        url = camera.address("live")
        streams = [{**rtsp(name, url, "dear"), "priority": 10 if name in HIGH else 0} for name in (*HIGH, *LOW)]
        async with Takt(tmp_path, broker.port, {}, streams, **more) as takt:
            await until(lambda: all(consumer.is_online(name) for name in (*HIGH, *LOW)), 90)
            seen = await while_relieved(takt)
            looked, waited = await counted(takt)
            await asyncio.sleep(WINDOW_S)
            now = await moment(takt)
            later, longer = await counted(takt)
            await until(partial(said, takt))
            assert await takt.stop() == 0

    rates = {name: (later[name] - looked[name]) / WINDOW_S for name in now.level if name in later}
    late_s = bucket_quantile({bound: count - waited[bound] for bound, count in longer.items()}, 0.99)
    print(f"hop {hop_s:.2f} s; clips a second {rates}; levels {now.level}; p99 of the queue {late_s:.2f} s")
    assert all(one.is_just() for one in [*seen, now])
    assert any(now.level.get(name, MOST_LEVEL) for name in LOW), "somebody must bear it"
    assert all(max(degraded(consumer, name), default=0) >= level for name, level in now.level.items())
    assert all(rate > 0 for rate in rates.values())
    assert all(rates[high] > rates[low] for high, low in now.beside() if now.level[high] < now.level[low])
    assert late_s <= 1.0
    assert takt.log.count("takes streams") == 2, "no worker died or hung"
