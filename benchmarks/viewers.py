"""What those who look on cost the recognizing: a service with and without 100 viewers of its event feed, by turns.

usage: python -m benchmarks.viewers [--viewers 100] [--streams 2] [--seconds 15] [--pairs 6]

One `takt run` with cameras of the simulated cell, the bundled network and the broker of the demo. Viewers connect to
`/api/v1/events/live` (server-sent events) of one process of low priority, which reads what it is sent and throws it
away. They come and go: a turn without, a turn with, and so on; what is compared are medians. CPU time is that of the
service's process alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from prometheus_client.parser import text_string_to_metric_families

from benchmarks.children import Child, CpuClock
from streamer.demo.broker import embedded_broker
from streamer.demo.camera import cell_camera

FEED = "/api/v1/events/live"
SETTLE_S = 3.0
"""After viewers came or went, before it is counted."""
GOAL = 0.02
Turn = Mapping[str, float]


async def look_on(port: int) -> None:
    """In a process of its own: as many viewers as each line of standard input says; tells what they were sent."""
    os.nice(19)
    loop, received = asyncio.get_running_loop(), [0]
    line = sys.stdin.readline()
    while line:
        async with asyncio.timeout(30):
            pairs = [await _opened(port) for _ in range(int(line))]
        print(json.dumps({"viewers": len(pairs), "received": received.pop()}), flush=True)
        received.append(0)
        async with asyncio.TaskGroup() as viewers:
            reading = [viewers.create_task(_read(*pair, received)) for pair in pairs]
            line = await loop.run_in_executor(None, sys.stdin.readline)
            for viewer in reading:
                viewer.cancel()


async def _opened(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {FEED} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head.partition(b"\r\n")[0]:
        raise OSError(head.decode())
    return reader, writer


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, received: list[int]) -> None:
    try:
        while some := await reader.read(1 << 16):
            received[0] += len(some)
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


def counted(port: int) -> dict[str, float]:
    """Sums of the service's metrics over their labels."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


def turn(port: int, pid: int, seconds: float) -> dict[str, float]:
    """What the service does in so many seconds."""
    clock, before = CpuClock([pid]), counted(port)
    time.sleep(seconds)
    (cpu_s,), _, passed_s = clock.read()
    grown = {name: value - before.get(name, 0.0) for name, value in counted(port).items()}

    def mean_ms(name: str) -> float:
        return 1000 * grown[f"{name}_sum"] / max(1.0, grown[f"{name}_count"])

    return {
        "pictures a second": grown["takt_frames_processed_total"] / passed_s,
        "clips a second": grown["takt_clips_recognized_total"] / passed_s,
        "clips left out a second": grown.get("takt_clips_shed_total", 0.0) / passed_s,
        "CPU of the service, % of a core": 100 * cpu_s / passed_s,
        "picture to answer, ms": mean_ms("takt_frame_age_seconds"),
        "picture to event, ms": mean_ms("takt_glass_to_event_seconds"),
        "event loop late by, ms": mean_ms("takt_event_loop_lag_seconds"),
    }


def report(without: Sequence[Turn], beside: Sequence[Turn]) -> list[str]:
    """Medians, and the median of the pairs' ratios."""
    rows = ["| | without | with | with / without, median of pairs (least to most) |", "|---|---|---|---|"]
    for name in without[0]:
        a, b = [one[name] for one in without], [one[name] for one in beside]
        ratios = [y / x for x, y in zip(a, b, strict=True) if x > 0]
        told = f"{statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})" if ratios else "–"
        rows.append(f"| {name} | {statistics.median(a):.2f} | {statistics.median(b):.2f} | {told} |")
    return rows


def config(folder: Path, camera: str, broker_port: int, streams: int) -> Path:
    """The service's, as JSON, which is YAML."""
    watch = {"id": "bench", "recognizer": "cell"}
    told = {
        "data_dir": str(folder / "data"),
        "http": {"port": 0},
        "mqtt": {"url": f"mqtt://127.0.0.1:{broker_port}"},
        "recognizers": {"cell": {"kind": "slowfast", "checkpoint": "bundled:cell"}},
        "streams": [
            {"id": f"cell-{n}", "source": {"kind": "rtsp", "url": camera}, "watches": [watch]} for n in range(streams)
        ],
    }
    (folder / "viewers.yaml").write_text(json.dumps(told))
    return folder / "viewers.yaml"


def measure(path: Path, asked: argparse.Namespace) -> None:
    turns: dict[bool, list[Turn]] = {False: [], True: []}
    folder = path.parent
    with Child(folder / "service.log", "benchmarks.watched", "run", str(path), "--json") as service:
        port = int(service.hear(120)["metrics"].split(":")[2].split("/")[0])
        with Child(folder / "viewers.log", "benchmarks.viewers", "--look-on", str(port)) as viewers:
            time.sleep(10)  # until cameras are connected and networks warm
            for number in range(2 * asked.pairs):
                here = number % 2 == 1
                assert viewers.process.stdin is not None
                viewers.process.stdin.write(b"%d\n" % (asked.viewers if here else 0))
                sent = viewers.hear(60)["received"]
                time.sleep(SETTLE_S)
                turns[here].append(turn(port, service.pid, asked.seconds))
                print(f"with {asked.viewers if here else 0}: {turns[here][-1]}; before: {sent} bytes", file=sys.stderr)
    print(f"load {os.getloadavg()[0]:.1f}; {asked.viewers} viewers, {asked.streams} streams, {asked.pairs} pairs")
    print("\n".join(report(turns[False], turns[True])))


async def main(asked: argparse.Namespace) -> None:
    async with cell_camera(seed=7) as camera, embedded_broker() as broker:
        with TemporaryDirectory(prefix="takt-viewers-") as folder:
            path = config(Path(folder), camera.url, broker.port, asked.streams)
            await asyncio.get_running_loop().run_in_executor(None, measure, path, asked)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=15.0, help="of a turn")
    parser.add_argument("--pairs", type=int, default=6)
    parser.add_argument("--look-on", type=int, metavar="PORT", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    given = arguments()
    asyncio.run(main(given) if given.look_on is None else look_on(given.look_on))
