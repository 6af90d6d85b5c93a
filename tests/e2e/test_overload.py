"""Where more is asked than can be done, the least important streams are looked at less often, and nothing collapses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.capacity import bucket_quantile
from benchmarks.trends import jain
from recognizers.build import build_recognizer
from recognizers.cost import measured
from streamer.placement import MOST_LEVEL
from tests.e2e.consumer import Consumer
from tests.e2e.films import film
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
ASKED = 1.5
"""Of the two workers, if a batch took as long beside another as alone; two threads of one core are slower."""
SETTLED_S = 20.0


@dataclass(frozen=True, slots=True)
class Moment:
    """Who is where, and how far it is degraded."""

    worker: dict[str, str]
    level: dict[str, int]

    def is_just(self) -> bool:
        """Nobody of higher priority is degraded while somebody of lower beside it could be more."""
        return all(
            self.level[low] == MOST_LEVEL
            for high in HIGH
            if self.level.get(high)
            for low in LOW
            if self.worker.get(low) == self.worker.get(high)
        )


def dear_network(path: Path) -> tuple[Path, float]:
    """A checkpoint, and the hop at which four streams ask too much of a CPU."""
    write_network(path, DEAR, 0.0, 2.2, size=DEAR_SIZE, crop_px=112)
    recognizer = build_recognizer("slowfast", str(path), {"threads": 1})
    hop_s = 4 * measured(recognizer, 1, "torch").ms / 1000 / ASKED
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


async def looked(takt: Takt) -> dict[str, float]:
    samples = await takt.samples()
    return {one.labels["stream"]: one.value for one in samples if one.name == "takt_clips_recognized_total"}


async def ages(takt: Takt) -> dict[float, float]:
    """Cumulative counts of ages, of all workers together, by upper bound."""
    found: dict[float, float] = {}
    for one in await takt.samples():
        if one.name == "takt_frame_age_seconds_bucket":
            found[float(one.labels["le"])] = found.get(float(one.labels["le"]), 0.0) + one.value
    return found


async def test_the_least_important_streams_are_looked_at_less_often_first_and_say_so(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    network, hop_s = dear_network(tmp_path / "net")
    networks: dict[str, Any] = {"recognizers": {"dear": {"checkpoint": str(network), "hop_s": hop_s}}}
    more = {"workers": 2, "engine": {"batch": 2, "deadline_s": 0.02}, **networks}
    with GstServer({"live": film(tmp_path, size=(160, 120))}) as camera:
        streams = [
            {**rtsp(name, camera.address("live"), "dear"), "priority": 10 if name in HIGH else 0}
            for name in (*HIGH, *LOW)
        ]
        async with Takt(tmp_path, broker.port, {}, streams, **more) as takt:
            await until(lambda: all(consumer.is_online(name) for name in (*HIGH, *LOW)), 90)
            seen = list[Moment]()

            async def relieved() -> bool:
                seen.append(await moment(takt))
                return sum(seen[-1].level.values()) > 0

            await until(relieved, 60)
            settled_s = asyncio.get_running_loop().time() + SETTLED_S
            while asyncio.get_running_loop().time() < settled_s:
                await asyncio.sleep(1)
                seen.append(await moment(takt))
            before, old, began_s = await looked(takt), await ages(takt), asyncio.get_running_loop().time()
            await asyncio.sleep(10)
            after, new, took_s = await looked(takt), await ages(takt), asyncio.get_running_loop().time() - began_s
            now = await moment(takt)
            _, listed = await asked(takt, "/streams")
            assert await takt.stop() == 0

    rates = {name: (after[name] - before[name]) / took_s for name in after}
    late_s = bucket_quantile({bound: count - old.get(bound, 0.0) for bound, count in new.items()}, 0.99)
    print(f"hop {hop_s:.2f} s; clips a second {rates}; levels {now.level}; p99 of ages {late_s:.2f} s")
    assert all(one.is_just() for one in [*seen, now])
    assert {name for name in LOW if now.level[name]}, "somebody must bear it"
    for name in LOW:
        assert max(degraded(consumer, name), default=0) >= now.level[name]
    words = {one["id"]: json.dumps(one) for one in listed["streams"]}
    assert all(("degraded" in words[name]) == (now.level[name] > 0) for name in (*HIGH, *LOW))
    assert all(rates[name] > 0 for name in (*HIGH, *LOW))
    assert min(rates[name] for name in HIGH) >= max(rates[name] for name in LOW)
    assert even(rates, now)
    assert late_s <= 1.0
    assert takt.log.count("takes streams") == 2, "no worker died or hung"


def even(rates: dict[str, float], now: Moment) -> bool:
    """Those of one priority and level get alike."""
    groups: dict[tuple[bool, int], list[float]] = {}
    for name, rate in rates.items():
        groups.setdefault((name in HIGH, now.level[name]), []).append(rate)
    return all(jain(group) >= 0.9 for group in groups.values())
