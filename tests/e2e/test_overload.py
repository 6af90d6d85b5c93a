"""Where more is asked than can be done, the least important streams are looked at less often, and nothing collapses."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
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
SETTLED_S, WINDOW_S = 20.0, 10.0


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

    def alike(self) -> list[list[str]]:
        """Streams of one priority and level."""
        groups: dict[tuple[bool, int], list[str]] = {}
        for name, level in self.level.items():
            groups.setdefault((name in HIGH, level), []).append(name)
        return list(groups.values())


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
    """Clips that were looked at, by stream; and how old their newest pictures were, as cumulative counts by upper
    bound, of all workers together."""
    looked, ages = dict[str, float](), Counter[float]()
    for one in await takt.samples():
        if one.name == "takt_clips_recognized_total":
            looked[one.labels["stream"]] = one.value
        elif one.name == "takt_frame_age_seconds_bucket":
            ages[float(one.labels["le"])] += one.value
    return looked, ages


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
    with GstServer({"live": film(tmp_path, size=(160, 120))}) as camera:
        url = camera.address("live")
        streams = [{**rtsp(name, url, "dear"), "priority": 10 if name in HIGH else 0} for name in (*HIGH, *LOW)]
        async with Takt(tmp_path, broker.port, {}, streams, **more) as takt:
            await until(lambda: all(consumer.is_online(name) for name in (*HIGH, *LOW)), 90)
            seen = await while_relieved(takt)
            looked, ages = await counted(takt)
            await asyncio.sleep(WINDOW_S)
            now = await moment(takt)
            later, older = await counted(takt)
            await until(partial(said, takt))
            assert await takt.stop() == 0

    rates = {name: (later[name] - looked[name]) / WINDOW_S for name in later}
    late_s = bucket_quantile({bound: count - ages[bound] for bound, count in older.items()}, 0.99)
    print(f"hop {hop_s:.2f} s; clips a second {rates}; levels {now.level}; p99 of ages {late_s:.2f} s")
    assert all(one.is_just() for one in [*seen, now])
    assert any(now.level[name] for name in LOW), "somebody must bear it"
    assert all(max(degraded(consumer, name), default=0) >= level for name, level in now.level.items())
    assert all(rate > 0 for rate in rates.values())
    assert min(rates[name] for name in HIGH) >= max(rates[name] for name in LOW)
    assert all(jain([rates[name] for name in alike]) >= 0.9 for alike in now.alike())
    assert late_s <= 1.0
    assert takt.log.count("takes streams") == 2, "no worker died or hung"
