"""Many workers behind one address: begins them, spreads streams over them, and is asked in their place."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamer.clock import Clock, SystemClock
from streamer.errors import ConfigError, NotNow
from streamer.front import HISTORY, Front, limits_of
from streamer.health import Health
from streamer.history import History
from streamer.keeping import reachable
from streamer.metrics import CONTENT_TYPE, FleetMetrics, Metrics
from streamer.model import Model
from streamer.placement import MOST_STREAMS, Slot
from streamer.retail import PREFIX as RETAIL
from streamer.retail import build_retail
from streamer.roster import Written
from streamer.settings import Settings
from streamer.sources.reconnect import Change
from streamer.stages import Watch
from streamer.web import API, ApiDoor, make_app, serve
from streamer.web.api.parts import HealthView
from streamer.workers.crew import Crew
from streamer.workers.exposition import together
from streamer.workers.hosting import LEAVE_S, Hosted, Told
from streamer.workers.line import Said
from streamer.workers.relay import Heard
from streamer.workers.wishes import Wishes

_log = logging.getLogger(__name__)

METRICS_S = 3.0
"""A worker that does not tell its metrics in time is left out of them."""
Show = Callable[[Mapping[str, object], str], None]


def workers_for(streams: int) -> int:
    """How many workers `auto` is: one that is no process of its own as long as it can have all streams, else one more
    than are needed, so that those of a dead one find room."""
    return 1 if streams <= MOST_STREAMS else math.ceil(streams / MOST_STREAMS) + 1


def check_fit(settings: Settings) -> None:
    """Raises ConfigError: what of the configuration several workers cannot do yet."""
    alone = {
        "evidence": settings.evidence.asks or any(one.evidence.asks for of in settings.streams for one in of.watches),
        "labels.folder": settings.labels.folder is not None,
        "hard_examples.folder": settings.hard_examples.folder is not None,
        "sinks": any(sink.kind == "jsonl" for sink in settings.sinks),
        "mqtt.home_assistant": settings.mqtt is not None and settings.mqtt.home_assistant is not None,
        "mqtt.sparkplug": settings.mqtt is not None and settings.mqtt.sparkplug is not None,
        "mqtt.commands": settings.mqtt is not None and settings.mqtt.commands,
        "streams": any(stream.source.kind in ("whip", "whep") for stream in settings.streams),
    }
    names = {"streams": "sources of the kinds whip and whep", "sinks": "a sink of the kind jsonl"}
    problems = [
        f"{name}: several workers cannot have {names.get(name, 'this')}; give workers: 1"
        for name in alone
        if alone[name]
    ]
    if problems:
        raise ConfigError(problems)


def workers_of(settings: Settings) -> int:
    """How many workers a configuration asks for."""
    return workers_for(len(settings.streams)) if settings.workers == "auto" else settings.workers


class Supervisor:
    """Lives on the event loop."""

    def __init__(self, settings: Settings, front: Front, config: Path, crew: Crew, clock: Clock) -> None:
        self._settings, self._front, self._crew, self._clock = settings, front, crew, clock
        self.metrics = FleetMetrics()
        self.health = Health()
        self.wishes = Wishes(settings, config, front.onlookers, check_fit, clock)
        self.spreading = self.wishes.spreading
        self.spreading.placed = self._placed
        self._slots: dict[str, Slot] = {}
        self._hosted: dict[str, Hosted] = {}
        self._hosting: dict[str, asyncio.Task[None]] = {}
        self._ears: dict[str, Heard] = {}
        self._group = asyncio.TaskGroup()
        self._beats: dict[str, Said] = {}
        self._ready: set[str] = set()
        self._waited: set[str] = set()
        self._all_over = asyncio.Event()
        for slot in crew.slots:
            self._add(slot)
            self.spreading.expect(slot)
        self.wishes.begin()

    def _add(self, slot: Slot) -> Hosted:
        told = Told(self._began, self._heard, self._whole, self._ended)
        one = Hosted(slot.id, self._crew.begin, told, self._clock, self._crew.deadlines)
        self._slots[slot.id], self._hosted[slot.id] = slot, one
        self._ears[slot.id] = Heard(self._front.onlookers, self._owner(slot.id))
        self.metrics.worker_added(slot.id)
        return one

    def come(self, slot: Slot) -> None:
        """See `Slots`."""
        self._hosting[slot.id] = self._group.create_task(self._add(slot).run())

    def go(self, slot: str) -> None:
        """See `Slots`."""
        self._hosting.pop(slot).cancel()
        self._group.create_task(self._ended(slot, "gone"))
        del self._slots[slot], self._hosted[slot], self._ears[slot]
        self._ready.discard(slot)
        self.metrics.worker_removed(slot)

    async def run(self, stop: asyncio.Event, again: asyncio.Event) -> None:
        """Until `stop`, or until the last recording has ended; then every worker ends in order."""
        async with self._group as group:
            self._hosting = {slot: group.create_task(one.run()) for slot, one in self._hosted.items()}
            watch = self._crew.watch(self)
            beside = (self.spreading.run(), watch, self._front.onlookers.run(), self.wishes.run(again))
            tasks: list[asyncio.Task[None]] = [group.create_task(one) for one in beside]
            ends = [group.create_task(event.wait()) for event in (stop, self._all_over)]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self.health.ready = False
            for task in tasks[:2]:
                task.cancel()
            await self._leave([*self._hosting.values()])
            running: list[asyncio.Task[Any]] = [*self._hosting.values(), *tasks, *ends]
            for task in running:
                task.cancel()

    async def _leave(self, hosting: Sequence[asyncio.Task[None]]) -> None:
        """Each delivers for `grace_s`, after as long for what is not stored yet."""
        async with asyncio.TaskGroup() as group:
            for one in self._hosted.values():
                group.create_task(one.leave())
        if hosting:
            await asyncio.wait(hosting, timeout=2 * self._settings.shutdown.grace_s + LEAVE_S)

    # What is asked

    async def exposition(self) -> tuple[str, bytes]:
        """Of every worker, and of the supervisor."""
        texts = {"supervisor": self.metrics.exposition()}

        async def add(slot: str, one: Hosted) -> None:
            with suppress(NotNow):
                texts[slot] = str((await one.ask("metrics", METRICS_S))["text"]).encode()

        async with asyncio.TaskGroup() as group:
            for slot, one in self._hosted.items():
                group.create_task(add(slot, one))
        return CONTENT_TYPE, together(dict(sorted(texts.items())))

    def health_view(self) -> HealthView:
        """As that of a single worker: connected where all are."""
        beats = list(self._beats.values())
        connected = bool(beats) and all(beat["connected"] for beat in beats)
        broker = "none" if self._settings.mqtt is None else "connected" if connected else "disconnected"
        waiting = sum(int(beat["waiting"]) for beat in beats)
        return replace(self._front.health(), ready=self.health.ready, broker=broker, waiting=waiting)

    def acknowledge(self, stream: str, watch: str, payload: bytes) -> None:
        """Told to the worker; nobody waits for it, and the lamp shows what became of it."""
        place = self.spreading.placement.place(stream)
        line = None if place is None else self._hosted[place.slot].line
        if line is None:
            raise NotNow("the worker of this stream begins; try again")
        line.tell("acknowledge", stream=stream, watch=watch, body=json.loads(payload))

    @property
    def settings(self) -> Settings:
        """What runs, with secrets: not to be shown."""
        return self.wishes.settings

    def models(self) -> Mapping[str, Model]:
        """The supervisor has none: workers do."""
        return {}

    def watches(self) -> Sequence[tuple[str, Sequence[Watch]]]:
        """Likewise."""
        return []

    # What is told

    def _owner(self, slot: str) -> Callable[[str], bool]:
        return lambda stream: self.spreading.holds(slot, stream)

    def _whole(self) -> Said:
        whole = self.wishes.share({stream.id for stream in self.wishes.settings.streams})
        return {"settings": whole, "slots": sorted(self._hosted)}

    def _began(self, slot: str) -> None:
        _log.info("worker %s takes streams (process %s)", slot, self._hosted[slot].pid)
        self.spreading.joined(self._slots[slot], self._hosted[slot])
        self._ready.add(slot)
        self.health.ready = not self._crew.all_needed or self._ready == self._hosted.keys()

    def _heard(self, slot: str, said: Said) -> None:
        if said["tell"] == "beat":
            self._beats[slot] = said
            self.metrics.progressed(slot, self._clock.now())
        elif said["tell"] == "report":
            self.spreading.reported(slot, said)
        else:
            self._ears[slot](said)
            views = self._front.onlookers.register.views()
            if said["tell"] == "changed" and views and all(view.state == "ended" for view in views):
                self._all_over.set()

    async def _ended(self, slot: str, reason: str) -> None:
        self.metrics.restarted(slot, reason)
        self._beats.pop(slot, None)
        for stream, place in self.spreading.placement.places.items():
            if place.slot == slot:
                words = "its worker ended; another one takes over"
                self._front.onlookers.changed(stream, Change("backoff", 0, "worker", words))
        await self.spreading.lost(slot)

    def _placed(self) -> None:
        placement = self.spreading.placement
        self.wishes.terms.keep(placement.newest_term)
        places, waiting = placement.places, {wish.stream for wish in placement.waiting}
        levels = {stream: (place.slot, place.level) for stream, place in places.items()}
        self.metrics.placed(placement.shares(), levels, waiting)
        if self._ready != self._hosted.keys():
            return  # they begin
        for stream in waiting - self._waited:
            _log.error("stream %s is not watched: no worker has room for it", stream)
            words = "no worker has room for it: give the machine fewer streams, or more workers"
            self._front.onlookers.changed(stream, Change("backoff", 0, "overload", words))
        self._waited = waiting


async def supervise(settings: Settings, stop: asyncio.Event, show: Show, written: Written, crew: Crew) -> None:
    """Serve with these workers until `stop` is set.

    Raises:
        ConfigError: nothing can listen there, a token cannot be read.
    """
    check_fit(settings)
    clock, metrics, health = SystemClock(), Metrics(), Health()
    async with History.open(settings.data_dir / HISTORY, limits_of(settings.http), clock) as history:
        front = Front.of(settings, clock, metrics, health, history)
        supervisor = Supervisor(settings, front, written.file, crew, clock)
        door, http = ApiDoor(), settings.http
        app = make_app(supervisor.health, supervisor.exposition, {RETAIL: build_retail(settings)}, door)
        async with serve(http.host, http.port, app) as port:
            api = front.api(supervisor, supervisor.wishes, None, None)
            door.open(replace(api, health=supervisor.health_view, acknowledge=supervisor.acknowledge))
            base = f"http://{reachable(http.host)}:{port}"
            names: dict[str, Any] = {
                "page": "/",
                "api": API,
                "metrics": "/metrics",
                "live": "/livez",
                "ready": "/readyz",
            }
            told = {name: base + path for name, path in names.items()}
            show(told, f"page {base}/   metrics {base}/metrics   {crew.words}")
            await supervisor.run(stop, written.again)
