"""Mistakes at the simulated cell and failing cameras, from pixels over RTSP to verdicts over MQTT.

usage: python -m benchmarks.procedures [--seeds 4,9] [--json]

For each seed a bench and its camera, all at once and in real time (some four minutes): ten units, of which one lacks a
step, has two swapped, one repeated, one too slow; in four others the camera is down, dark, frozen or blocked while
steps are done. What the running service published is held against what a monitor says that is told what was done and
what could be seen (see tests/e2e/verdicts.py).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from recognizers.data.synthetic.mistakes import MISTAKES
from tests.e2e.cell import Outage, Session, procedure, watched
from tests.e2e.consumer import Body, Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.verdicts import Score

UNITS = [*MISTAKES, "none", "none", "none", "none", "none"]
OUTAGES = [Outage(5, 1, 1, "down"), Outage(6, 3, 3, "dark"), Outage(7, 1, 3, "frozen"), Outage(8, 3, 3, "blocked")]


def sessions(seeds: Sequence[int]) -> list[Session]:
    return [Session(f"cell-{seed}", seed, UNITS, OUTAGES) for seed in seeds]


async def told(all_of: Sequence[Session]) -> dict[str, list[Body]]:
    with (
        TemporaryDirectory() as folder,
        Mosquitto(Path(folder) / "broker") as broker,
        Consumer(broker.port) as consumer,
    ):
        return await watched(Path(folder) / "takt", broker.port, consumer, all_of)


def figures(all_of: Sequence[Session], bodies: dict[str, list[Body]]) -> dict[str, Any]:
    scores = [one.score(procedure(), bodies[one.name]) for one in all_of]
    due, right = sum(one.due for one in scores), sum(len(one.right) for one in scores)
    delays = sorted(delay for one in scores for delay in one.delays_s)
    cuts = quantiles(delays, n=20)
    return {
        "units": sum(len(one.mistakes) for one in all_of),
        "verdicts": due,
        "right": right,
        "share": round(right / due, 4),
        "by_verdict": _together(scores),
        "missed_in_outages": sum(len(one.wrongly_missed(bodies[one.name])) for one in all_of),
        "delay_s": {"p50": round(cuts[9], 2), "p95": round(cuts[18], 2)},
        "wrong": [list(pair) for one in scores for pair in zip(one.wrong, one.instead, strict=True)],
    }


def _together(scores: Sequence[Score]) -> dict[str, tuple[int, int]]:
    due, right = Counter[str](), Counter[str]()
    for score in scores:
        for verdict, (count, hits) in score.table().items():
            due[verdict] += count
            right[verdict] += hits
    return {verdict: (due[verdict], right[verdict]) for verdict in sorted(due)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="4,9", help="of the benches, with commas between")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    all_of = sessions([int(seed) for seed in arguments.seeds.split(",")])
    found = figures(all_of, asyncio.run(told(all_of)))
    if arguments.json:
        print(json.dumps(found))
        return 0
    for name, value in found.items():
        print(f"{name:20}{value}", file=sys.stdout)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
