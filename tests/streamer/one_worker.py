"""A plant in virtual time: streams, a recognizer and a broker around a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

from recognizers.clip import WHOLE_PICTURE
from recognizers.errors import CheckpointMismatch
from recognizers.identity import identity
from recognizers.recognizer import Recognizer
from streamer.control import ask
from streamer.errors import SourceUnavailable
from streamer.evidence.keeper import EvidenceKeeper
from streamer.hard_examples import Options
from streamer.health import Health
from streamer.metrics import Metrics
from streamer.model import Model
from streamer.plan import OutboxPlan, Plan, StreamPlan
from streamer.procedure.graph import Procedure
from streamer.promoter import Candidates
from streamer.segmenter import EventRule
from streamer.showing import ShowOptions
from streamer.sources.base import Demand, Need, Source
from streamer.sources.reconnect import RetryPolicy
from streamer.stages import Watch
from streamer.testing.recognizers import CountingRecognizer
from streamer.testing.sinks import FakeSink
from streamer.testing.sources import Failure, ScriptedSource
from streamer.testing.time import FakeClock
from streamer.tracing import NO_TRACING, Tracing
from streamer.units import UnitTopic
from streamer.worker import Steer, Worker, nobody

AT_ONCE = EventRule(on=0.5, off=0.4, smooth_s=0.0, release_s=0.0)
"""A `CountingRecognizer` says `pick` with 0.5 and more from the first clip on: until its epoch ends."""
FOR_EVER = [step * 0.1 for step in range(100_000)]
T = TypeVar("T")
LOST = SourceUnavailable("eof", "told so")


class Plant:
    """Streams, a recognizer and a broker, on one outbox."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.networks: dict[str, Recognizer] = {}
        """By what stands in their checkpoint."""
        self.shadows: dict[str, str] = {}
        self.clock = FakeClock()
        self.sink = FakeSink()
        self.recognizer: Any = CountingRecognizer()
        self.live = self.checkpoint("live", self.recognizer)
        self.health = Health()
        self.metrics = Metrics()
        self.stop = asyncio.Event()
        self.grace_s = 5.0
        self.hard_examples: Options | None = None
        self.evidence: EvidenceKeeper | None = None
        self.tracing: Tracing = NO_TRACING
        self.patience_s = 1e4
        self.procedure: Procedure | None = None
        self.unit: UnitTopic | None = None
        self.sources: dict[str, Source] = {}
        self.loss_free: set[str] = set()
        self.prefixes: dict[str, str] = {}
        self.steer: Steer = nobody

    def camera(self, name: str, *scripts: Sequence[float | Failure]) -> ScriptedSource:
        """A stream that plays the scripts, one an attempt, the last one again and again."""
        self.sources[name] = source = ScriptedSource(name, scripts, self.clock)
        return source

    def checkpoint(self, name: str, recognizer: Recognizer) -> str:
        """A file that stands for a network."""
        path = self.folder / f"{name}.net"
        path.write_text(name)
        self.networks[name] = recognizer
        return str(path)

    def load(self, _name: str, checkpoint: str) -> Model:
        said = Path(checkpoint).read_text()
        if said not in self.networks:
            raise CheckpointMismatch(f"{checkpoint} holds no network")
        return Model(self.networks[said], checkpoint, identity(checkpoint))

    async def asked(self, **request: object) -> dict[str, Any]:
        """What the worker answers over its socket; time goes on meanwhile."""
        await self.until((self.folder / "control.sock").exists)
        told = asyncio.create_task(asyncio.to_thread(ask, self.folder, {"recognizer": "counter", **request}, 20.0))
        await self.until(told.done)
        return await told

    def worker(self) -> Worker:
        self.networks["live"] = self.recognizer
        live = self.load("counter", self.live)
        plan = Plan(
            streams=tuple(self.planned(name) for name in self.sources),
            models={"counter": live},
            candidates=Candidates(
                load=self.load, configured={"counter": self.live}, shadows=self.shadows, patience_s=self.patience_s
            ),
            data_dir=self.folder,
            sink=nullcontext(self.sink),
            outbox=OutboxPlan(self.folder / "outbox", 1 << 20),
            # Virtual time runs on while a thread reads a network: that is no stall.
            board=ShowOptions(stalled_s=1e9),
            batch=8,
            deadline_s=0.0,
            grace_s=self.grace_s,
            retry=RetryPolicy(),
            prefixes=self.prefixes,
            hard_examples=self.hard_examples,
            evidence=self.evidence,
            tracing=self.tracing,
        )
        return Worker(plan, self.clock, self.metrics, self.health, self.steer)

    def planned(self, name: str, recognizer: str = "counter") -> StreamPlan:
        """A stream as it is to be watched."""
        live = self.load("counter", self.live)
        spec, labels = self.recognizer.spec, self.recognizer.labels
        watch = Watch(
            "bench",
            recognizer,
            spec,
            labels,
            "idle",
            WHOLE_PICTURE,
            0.5,
            {"default": AT_ONCE},
            live.id,
            procedure=self.procedure,
            unit=self.unit,
        )
        demand = Demand((Need(spec, WHOLE_PICTURE),))
        return StreamPlan(name, self.sources[name], (watch,), demand, name in self.loss_free)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.Task[None]]:
        """A worker that runs in the block, and is stopped in order after it."""
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            task = group.create_task(self.worker().run(self.stop))
            yield task
            self.stop.set()

    async def done(self, doing: Coroutine[Any, Any, T]) -> T:
        """Let time pass until something is done."""
        task = asyncio.create_task(doing)
        await self.until(task.done)
        return await task

    def source(self, name: str) -> ScriptedSource:
        """A camera, to be looked at."""
        source = self.sources[name]
        assert isinstance(source, ScriptedSource)
        return source

    def lost(self, stream: str) -> int:
        """Clips of a stream that nobody looked at."""
        lines = self.metrics.exposition().decode().splitlines()
        shed = [line for line in lines if line.startswith("takt_clips_shed_total") and f'stream="{stream}"' in line]
        return sum(int(float(line.rpartition(" ")[2])) for line in shed)

    async def until(self, true: Callable[[], bool]) -> None:
        """Let time pass until something has come true."""
        while not true():
            await self.clock.advance(0.1)

    def told(self, stream: str) -> list[tuple[str, str | None]]:
        """Phase and reason of a stream's events, as the broker has them."""
        bodies = [message.body for message in self.sink.messages if message.stream == stream]
        return [(str(body["phase"]), body.get("reason")) for body in bodies]  # type: ignore[misc]

    def recognized(self, stream: str) -> int:
        """Clips of a stream that were looked at."""
        return self.counted(f'takt_clips_recognized_total{{stream="{stream}"}}')

    def counted(self, series: str) -> int:
        lines = self.metrics.exposition().decode().splitlines()
        (line,) = (one for one in lines if one.startswith(series))
        return int(float(line.rpartition(" ")[2]))

    def status(self, stream: str) -> tuple[object, object]:
        state = self.sink.states[f"{stream}/status"]
        return state["status"], state["reason"]
