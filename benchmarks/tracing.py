"""What traces cost: events from the emitter to a real Mosquitto's PUBACK, with and without.

usage: python -m benchmarks.tracing [--events 4000] [--rounds 5] [--json]

off         no traces
a tenth     tracing.sample 0.1
on          every event; a collector in a process of its own takes all
away        every event; nobody listens at the collector's address

Each round runs all of them, in turn. Events a second and CPU time of this process (all its threads) for one event, at
the pace at which the outbox takes them; the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path

from recognizers.clip import WHOLE_PICTURE, Clip
from streamer.clock import SystemClock
from streamer.delivery import Deliveries
from streamer.emitter import Emitter
from streamer.event import ActionEvent
from streamer.metrics import Metrics
from streamer.outbox import MAIN, Outbox
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.testing.messages import action_event
from streamer.testing.sinks import FakeObserver
from streamer.tracing import NO_TRACING, EventTraces, Tracing
from streamer.tracing.otlp import OtlpExport, OtlpOptions
from tests.e2e.mosquitto import Mosquitto

COLLECTOR = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Take(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_): pass

server = HTTPServer(("127.0.0.1", 0), Take)
print(server.server_port, flush=True)
server.serve_forever()
"""
WAYS = {"off": None, "a tenth": 0.1, "on": 1.0, "away": 1.0}


@dataclass(frozen=True)
class Row:
    what: str
    per_second: float
    cpu_us: float

    def __str__(self) -> str:
        return f"{self.what:10}{self.per_second:12.0f}{self.cpu_us:14.0f}"


@contextmanager
def collector() -> Iterator[int]:
    """Its port."""
    with subprocess.Popen([sys.executable, "-c", COLLECTOR], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


@asynccontextmanager
async def tracing(what: str, port: int, metrics: Metrics) -> AsyncIterator[Tracing]:
    share = WAYS[what]
    if share is None:
        yield NO_TRACING
        return
    url = f"http://127.0.0.1:{1 if what == 'away' else port}/v1/traces"
    async with aclosing(OtlpExport(OtlpOptions(url, "takt", "0", "bench"), metrics.delivery)) as export:
        yield EventTraces(export, share, {MAIN: "mqtt"}, SystemClock())


async def measured(what: str, events: int, broker: int, port: int, folder: Path) -> Row:
    clock, metrics, observer = SystemClock(), Metrics(), FakeObserver()
    async with (
        Outbox.open(folder, clock=clock, observer=observer) as outbox,
        tracing(what, port, metrics) as traces,
        MqttSink(MqttOptions("127.0.0.1", broker, client_id=f"bench-{what[0]}"), clock, observer) as sink,
        asyncio.TaskGroup() as group,
    ):
        await asyncio.wait_for(observer.connected.wait(), 10)
        deliveries = Deliveries(outbox, traces.sending({MAIN: sink}), clock, metrics.delivery)
        emitter = Emitter(traces.storing(outbox), lambda _: "rtcp", clock, metrics, beside=traces.emitted)
        running = [group.create_task(one) for one in (emitter.run(), deliveries.run())]
        began_s, began_cpu_s = time.perf_counter(), cpu_s()
        for _ in range(events // 20):
            emitter.emit(look(traces, clock.now()) for _ in range(20))
            await emitter.flush()
        await outbox.outlet().drained()
        took_s, took_cpu_s = time.perf_counter() - began_s, cpu_s() - began_cpu_s
        for task in running:
            task.cancel()
    return Row(what, events / took_s, 1e6 * took_cpu_s / events)


def look(traces: Tracing, at: float) -> ActionEvent:
    traces.looked([Clip("cam", "bench", 1, 0, 0.0, 0.7, at, at, WHOLE_PICTURE, 1.0, ())], [0.001], 0.002)
    return replace(action_event(), decided_at=at)


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def rounds(events: int, count: int, folder: Path) -> list[Row]:
    found: dict[str, list[Row]] = {what: [] for what in WAYS}
    with Mosquitto(folder / "broker") as broker, collector() as port:
        for turn in range(count):
            for what, rows in found.items():
                rows.append(await measured(what, events, broker.port, port, folder / f"{what}-{turn}"))
    return [
        Row(what, statistics.median(row.per_second for row in rows), statistics.median(row.cpu_us for row in rows))
        for what, rows in found.items()
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = asyncio.run(rounds(arguments.events, arguments.rounds, Path(folder)))
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows]))
        return 0
    print(f"{platform.processor() or platform.machine()}, opentelemetry-sdk {version('opentelemetry-sdk')}")
    print(f"{'':10}{'events/s':>12}{'CPU us/event':>14}")
    print(*rows, sep="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
