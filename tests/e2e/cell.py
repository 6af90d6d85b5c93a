"""Cameras over benches at which mistakes are made, which also fail: down, dark, frozen or blocked, all by a plan."""

from __future__ import annotations

import asyncio
import json
import shutil
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime
from itertools import product
from pathlib import Path

import numpy as np

from recognizers.clip import Picture
from recognizers.data.synthetic import IDLE
from recognizers.data.synthetic.mistakes import MistakenWork
from streamer.clock import SystemClock
from streamer.procedure.graph import Procedure
from streamer.procedure.made import procedure_of
from streamer.settings import load_procedure
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import Fault, RtspCamera
from tests.e2e.consumer import Body, Consumer
from tests.e2e.takt import Takt, until
from tests.e2e.verdicts import Score, Span, cycles, score, seen_by_all

FPS = 16
WORK = Path(__file__).with_name("cell.yaml")
EARLY_S, LATE_S = 0.4, 0.3
"""How much before and after a step the camera fails."""
LENIENT_S = ((0.0, 1.0, 2.0), (0.0, 2.0, 4.0, 8.0))
"""How much earlier and later than it was a camera may count as blind: the end of a step is not known at once, and a
connection and its first clip take a while."""
SETTLE_S = 4.0


@dataclass(frozen=True, slots=True)
class Outage:
    """Of a camera while steps of a unit are done."""

    unit: int
    first: int
    """Number of its first step within the unit as it is shown."""
    last: int
    kind: str
    """down, dark, frozen or blocked."""


@dataclass
class Session:
    """One camera over one bench."""

    name: str
    seed: int
    mistakes: Sequence[str]
    outages: Sequence[Outage] = ()
    began_at: float = field(default=0.0, init=False)
    """Unix seconds at which work began; 0 before."""

    def __post_init__(self) -> None:
        self.work = MistakenWork(self.seed, self.mistakes)
        self._last: Picture = self.work.draw(0.0)
        self.feed = PictureFeed(self._draw, FPS, SystemClock())
        self.camera = RtspCamera(self.feed)
        self.spans_s = [(self._span(one), one.kind) for one in self.outages]

    def begin(self) -> None:
        self.began_at = SystemClock().now()

    async def fail_as_planned(self) -> None:
        """Be away when the plan says so, until the work is done."""
        clock = SystemClock()
        for (start_s, end_s), kind in self.spans_s:
            await clock.sleep(max(0.0, self.began_at + start_s - clock.now()))
            if kind == "down":
                self.camera.fault = Fault.FIN
                await clock.sleep(max(0.0, self.began_at + end_s - clock.now()))
                self.camera.fault = Fault.NONE
        await clock.sleep(max(0.0, self.began_at + self.work.length_s + SETTLE_S - clock.now()))

    async def name_units(self, consumer: Consumer) -> None:
        """Be a scanner: each unit's name comes before its work begins."""
        clock = SystemClock()
        for number, at_s in enumerate(self.work.units_s):
            await clock.sleep(max(0.0, self.began_at + at_s - clock.now()))
            consumer.publish(f"scan/{self.name}", json.dumps({"unit": {"sn": f"SN-{number}"}, "order": 7}))

    def named(self, bodies: Sequence[Body]) -> dict[int, set[str | None]]:
        """The names that the messages of each unit bear, those of its start and all that follow."""
        names: dict[int, set[str | None]] = {}
        units: dict[str, int] = {}
        for body in bodies:
            if body.get("phase") == "started":
                units[body["cycle_id"]] = self._unit(datetime.fromisoformat(body["at"]).timestamp() - self.began_at)
            names.setdefault(units[body["cycle_id"]], set()).add(body.get("unit_id"))
        return names

    def score(self, procedure: Procedure, bodies: Sequence[Body]) -> Score:
        variants = [
            [(self.began_at + start - early, self.began_at + end + late) for (start, end), _ in self.spans_s]
            for early, late in product(*LENIENT_S)
        ]
        expected = [seen_by_all(procedure, self.work.segments, self.began_at, blind) for blind in variants]
        return score(cycles(bodies), expected, [self.began_at + at for at in self.work.units_s])

    def wrongly_missed(self, bodies: Sequence[Body]) -> list[tuple[int, str]]:
        """Units and steps that were done while the camera was blind, or partly so, and were called missed."""
        hidden = {
            (self._unit(one.start_s), one.label)
            for one in self.work.segments
            if one.label != IDLE and any(lost < one.end_s and one.start_s < back for (lost, back), _ in self.spans_s)
        }
        missed = [
            (self._unit(cycle.started_at - self.began_at), step)
            for cycle in cycles(bodies)
            for step, verdict in cycle.verdicts
            if verdict == "missed"
        ]
        return [one for one in missed if one in hidden]

    def _unit(self, at_s: float) -> int:
        return bisect_right(self.work.units_s, at_s) - 1

    def _span(self, outage: Outage) -> Span:
        start_s = self.work.units_s[outage.unit]
        steps = [one for one in self.work.segments if one.label != IDLE and one.start_s >= start_s]
        return steps[outage.first].start_s - EARLY_S, steps[outage.last].end_s + LATE_S

    def _draw(self, at_s: float) -> Picture:
        done_s = self.feed.began_at + at_s - self.began_at if self.began_at else 0.0
        kind = next((kind for (start, end), kind in self.spans_s if start <= done_s < end), "")
        if kind != "frozen":
            self._last = self.work.draw(max(0.0, done_s))
        if kind == "dark":
            return np.zeros_like(self._last)
        return palm(self._last) if kind == "blocked" else self._last


def palm(picture: Picture) -> Picture:
    """What is seen where a hand lies on the lens."""
    high, wide = picture.shape[:2]
    across, down = np.meshgrid(np.linspace(-1, 1, wide), np.linspace(-1, 1, high))
    levels = (110 - 25 * (across**2 + down**2)).astype(np.uint8)
    return np.repeat(levels[..., None], 3, axis=2)


def _lay_out(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(WORK, folder / WORK.name)


async def watched(folder: Path, port: int, consumer: Consumer, sessions: Sequence[Session]) -> dict[str, list[Body]]:
    """Let the service watch all sessions to their end; what it published of each, in order."""
    await asyncio.to_thread(_lay_out, folder)
    async with AsyncExitStack() as stack:
        streams: list[dict[str, object]] = []
        for one in sessions:
            await stack.enter_async_context(one.camera)
            unit = {"topic": f"scan/{one.name}", "field": "unit.sn", "work_order": "order"}
            watch = {"id": "bench", "recognizer": "cell", "procedure": WORK.name, "unit": unit}
            streams.append({"id": one.name, "source": {"kind": "rtsp", "url": one.camera.url}, "watches": [watch]})
        takt = await stack.enter_async_context(Takt(folder, port, {"cell": "bundled:cell"}, streams))
        await until(lambda: all(consumer.is_online(one.name) for one in sessions), 60)
        for one in sessions:
            one.begin()
        plans = [one.fail_as_planned() for one in sessions]
        await asyncio.gather(*plans, *(one.name_units(consumer) for one in sessions))
        assert await takt.stop() == 0
    await until(consumer.was_left)
    return {one.name: published(consumer, one.name) for one in sessions}


def published(consumer: Consumer, stream: str) -> list[Body]:
    """Verdicts and units of a stream, each once, in the order of their numbers."""
    topics = (f"takt/{stream}/steps", f"takt/{stream}/cycles")
    bodies = [json.loads(payload) for topic, payload in list(consumer.received) if topic in topics]
    unique = {body["event_id"]: body for body in bodies}
    return sorted(unique.values(), key=lambda body: (body["term"], body["seq"]))


def procedure() -> Procedure:
    return procedure_of(load_procedure(WORK, {}))
