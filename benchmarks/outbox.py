"""Events accepted and delivered per second, beside bare paho publishing the same payloads to the same Mosquitto.

usage: python -m benchmarks.outbox [--events 5000] [--queued 0] [--json]

accept alone      one caller waits for each commit (fsync) before the next event
accept together   as many callers as the delivery window, sharing commits
deliver           outbox (deletion committed) → Mosquitto, QoS 1, from a full outbox
end to end        accepted and delivered at the same time; latency from accept() called until PUBACK
bare paho         publish() QoS 1 with the same window, no disk, on_publish counted
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

from streamer.clock import SystemClock
from streamer.delivery import WINDOW, Delivery
from streamer.outbox import Outbox
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.wire import Message, envelope
from tests.e2e.mosquitto import Mosquitto


@dataclass(frozen=True)
class Row:
    what: str
    per_second: float
    p50_ms: float | None = None
    p99_ms: float | None = None

    def __str__(self) -> str:
        latencies = "".join(f"{'' if ms is None else f'{ms:.2f}':>10}" for ms in (self.p50_ms, self.p99_ms))
        return f"{self.what:24}{self.per_second:10.0f}{latencies}"


def row(what: str, took_s: float, latencies_s: list[float]) -> Row:
    cuts = statistics.quantiles(latencies_s, n=100)
    return Row(what, round(len(latencies_s) / took_s), round(1e3 * cuts[49], 2), round(1e3 * cuts[98], 2))


class Latencies(FakeObserver):
    """From the moment a message was made, kept by its key, to its PUBACK."""

    def __init__(self) -> None:
        super().__init__()
        self.begun: dict[UUID, float] = {}
        self.took_s: list[float] = []

    def delivered(self, message: Message, latency_s: float) -> None:
        self.took_s.append(time.perf_counter() - self.begun.get(message.key, time.perf_counter()))


async def timed(callers: int, calls: int, call: Callable[[int], Awaitable[object]]) -> tuple[float, list[float]]:
    """Make `calls` calls from `callers` tasks; returns (seconds, latency of each)."""
    took: list[float] = []
    numbers = iter(range(calls))

    async def caller() -> None:
        for number in numbers:
            begin = time.perf_counter()
            await call(number)
            took.append(time.perf_counter() - begin)

    begin = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(callers)))
    return time.perf_counter() - begin, took


def opened(folder: Path, observer: FakeObserver | None = None):  # type: ignore[no-untyped-def]
    return Outbox.open(folder, clock=SystemClock(), observer=observer or FakeObserver(), budget_bytes=2 << 30)


async def accepting(folder: Path, events: int) -> list[Row]:
    messages = [message(f"cam-{n % 8}", n) for n in range(2 * events)]
    async with opened(folder) as outbox:
        alone = await timed(1, events, lambda n: outbox.accept([messages[n]]))
        together = await timed(WINDOW, events, lambda n: outbox.accept([messages[events + n]]))
    return [row("accept alone", *alone), row("accept together", *together)]


async def delivering(folder: Path, broker: Mosquitto, events: int) -> list[Row]:
    observer, clock = Latencies(), SystemClock()
    where = MqttOptions("127.0.0.1", broker.port, client_id="bench")
    async with opened(folder, observer) as outbox, MqttSink(where, clock, observer) as sink:
        await outbox.accept([message(f"cam-{n % 8}", n) for n in range(events)])
        await observer.connected.wait()
        async with asyncio.TaskGroup() as group:
            begin = time.perf_counter()
            running = group.create_task(Delivery(outbox.outlet(), sink, clock, observer).run())
            await outbox.outlet().drained()
            drain_s = time.perf_counter() - begin
            observer.took_s.clear()
            messages = [message(f"cam-{n % 8}", n) for n in range(events)]

            async def accept(number: int) -> None:
                observer.begun[messages[number].key] = time.perf_counter()
                await outbox.accept([messages[number]])

            begin = time.perf_counter()
            await timed(8, events, accept)
            await outbox.outlet().drained()
            both_s = time.perf_counter() - begin
            running.cancel()
    rate = Row("deliver", round(events / drain_s))
    return [rate, row("end to end, 8 streams", both_s, observer.took_s)]


def bare_paho(port: int, events: int) -> Row:
    """The same payloads and window, and nothing else."""
    import threading

    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, client_id="bare")
    client.max_inflight_messages_set(WINDOW)
    room, began, took = threading.Semaphore(WINDOW), {}, []

    def on_publish(_client, _user, mid, _code, _properties) -> None:  # type: ignore[no-untyped-def]
        took.append(time.perf_counter() - began[mid])
        room.release()

    client.on_publish = on_publish
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not client.is_connected():
        time.sleep(0.01)
    payloads = [envelope(message(f"cam-{n % 8}", n)) for n in range(events)]
    begin = time.perf_counter()
    for number, payload in enumerate(payloads):
        room.acquire()
        now = time.perf_counter()
        began[client.publish(f"takt/cam-{number % 8}/events", payload, qos=1).mid] = now
    for _ in range(WINDOW):
        room.acquire()
    took_s = time.perf_counter() - begin
    client.disconnect()
    client.loop_stop()
    return row("bare paho", took_s, took)


async def queueing(folder: Path, queued: int) -> dict[str, object]:
    """Memory while a long outage fills the outbox."""
    async with opened(folder) as outbox:
        await outbox.accept([message(number=n) for n in range(1000)])
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begin = time.perf_counter()
        for start in range(0, queued, 500):
            await outbox.accept([message(f"cam-{n % 8}", start + n) for n in range(500)])
        took_s = time.perf_counter() - begin
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        size = sum(file.stat().st_size for file in folder.glob("outbox.db*"))  # noqa: ASYNC240
        told = {
            "queued": outbox.depth,
            "seconds": round(took_s, 1),
            "resident_growth_mib": round((after - before) / 1024, 1),
            "bytes_per_event": round(size / outbox.depth),
        }
    return told | await starting(folder)


async def starting(folder: Path) -> dict[str, object]:
    """The next start: how long until it is open, until the first window can be sent, until that is gone."""
    begin = time.perf_counter()
    async with opened(folder) as outbox:
        open_s = time.perf_counter() - begin
        begin = time.perf_counter()
        waiting = await outbox.outlet().pending(0, WINDOW)
        first_s = time.perf_counter() - begin
        begin = time.perf_counter()
        await outbox.outlet().delivered([queued.id for queued in waiting])
        gone_s = time.perf_counter() - begin
    names = ("open_s", "first_window_s", "gone_s")
    return {name: round(took_s, 3) for name, took_s in zip(names, (open_s, first_s, gone_s), strict=True)}


def machine() -> dict[str, object]:
    import subprocess

    told = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True, check=False).stdout
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.platform(terse=True)}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "paho": version("paho-mqtt"),
        "mosquitto": told.split()[2] if told else "?",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--queued", type=int, default=0, help="also queue so many events and report the memory")
    parser.add_argument("--folder", type=Path, help="where to write (default: the system's temporary folder)")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=asked.folder) as name, Mosquitto(Path(name) / "broker") as broker:
        folder = Path(name)
        rows = asyncio.run(accepting(folder / "accept", asked.events))
        rows += asyncio.run(delivering(folder / "deliver", broker, asked.events))
        rows.append(bare_paho(broker.port, asked.events))
        rates = {one.what: one.per_second for one in rows}
        outage = asyncio.run(queueing(folder / "queue", asked.queued)) if asked.queued else None
    about = machine() | {"events": asked.events, "window": WINDOW, "payload_bytes": len(envelope(message()))}
    about |= {"delivered_beside_bare_paho": round(rates["deliver"] / rates["bare paho"], 2)}
    if asked.json:
        json.dump({**about, "rows": [asdict(one) for one in rows], "outage": outage}, sys.stdout)
        sys.stdout.write("\n")
        return
    print(" · ".join(f"{key} {value}" for key, value in about.items()))
    print(f"{'':24}{'events/s':>10}{'p50 ms':>10}{'p99 ms':>10}")
    for one in rows:
        print(one)
    if outage is not None:
        print("outage: " + ", ".join(f"{key} {value}" for key, value in outage.items()))


if __name__ == "__main__":
    main()
