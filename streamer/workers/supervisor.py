"""Many workers behind one address: begins them, spreads streams over them, and is asked in their place."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamer.clock import Clock, SystemClock
from streamer.control import listening
from streamer.errors import NotNow, TaktError
from streamer.front import HISTORY, Facts, Front, limits_of
from streamer.health import Health
from streamer.history import History
from streamer.metrics import CONTENT_TYPE, FleetMetrics, Metrics
from streamer.outbox.files import owned
from streamer.placement import Slot
from streamer.premises import addresses, build_shelf, build_sites, reachable
from streamer.rereading import Written
from streamer.retail import PREFIX as RETAIL
from streamer.retail import build_retail
from streamer.settings import Settings
from streamer.sources.reconnect import Change
from streamer.web import ApiDoor, make_app, serve
from streamer.web.api.parts import Api, HealthView, Labels, Live, ModelView, Work
from streamer.web.whip import PREFIX as WHIP
from streamer.workers.crew import Crew
from streamer.workers.exposition import together
from streamer.workers.far import FarLabels, FarLive, FarWhip
from streamer.workers.hosting import LEAVE_S, Hosted, Told
from streamer.workers.line import Said
from streamer.workers.pictures import CommonShelf
from streamer.workers.promoting import FleetCommands
from streamer.workers.relay import Heard
from streamer.workers.unwatched import Unwatched
from streamer.workers.wishes import Wishes
from streamer.workers.works import Works

_log = logging.getLogger(__name__)

METRICS_S = 3.0
"""A worker that does not tell its metrics in time, or cannot, is left out of them."""
Show = Callable[[Mapping[str, object], str], None]


class Supervisor:
    """Lives on the event loop."""

    def __init__(self, settings: Settings, front: Front, config: Path, crew: Crew, clock: Clock) -> None:
        self._settings, self._front, self._crew, self._clock = settings, front, crew, clock
        self.metrics = FleetMetrics()
        self.health = Health()
        self.wishes = Wishes(settings, config, front.onlookers, len(crew.slots), clock)
        self.spreading = self.wishes.spreading
        self.spreading.placed = self._placed
        self._slots: dict[str, Slot] = {}
        self._hosted: dict[str, Hosted] = {}
        self._hosting: dict[str, asyncio.Task[None]] = {}
        self._ears: dict[str, Heard] = {}
        self._group = asyncio.TaskGroup()
        self.commands = FleetCommands(lambda: self.settings, self._all_workers, self._running, clock)
        self.promised: Callable[[str, float | None], None] = lambda name, ready_at: None
        """Is told of pictures that a worker will keep; see `CommonShelf`."""
        self._works = Works()
        self._models: dict[str, list[ModelView]] = {}
        """By slot, the networks that look there."""
        self._speaks = ""
        """The slot that answers for all."""
        self._beats: dict[str, Said] = {}
        self._ready: set[str] = set()
        self._unwatched = Unwatched(front.onlookers, lambda: self.settings, self.any_worker, clock)
        self._all_over = asyncio.Event()
        self._lasting = not settings.streams
        """It began without streams, for others to come: it ends when it is told to."""
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
        del self._slots[slot], self._hosted[slot], self._ears[slot]
        self._ready.discard(slot)
        self.metrics.worker_removed(slot)
        self._parted(slot, "gone")
        self.spreading.lose(slot)

    async def run(self, stop: asyncio.Event, again: asyncio.Event, *more: Coroutine[Any, Any, None]) -> None:
        """Until `stop`, or until the last recording has ended; then every worker ends in order. `more` runs beside."""
        async with self._group as group:
            self._hosting = {slot: group.create_task(one.run()) for slot, one in self._hosted.items()}
            watch = self._crew.watch(self)
            beside = (self.spreading.run(), watch, self._front.onlookers.run(), self.wishes.run(again), *more)
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

    def api(self, live: Live, labels: Labels | None) -> Api:
        """What a single worker would answer, of all of them."""
        facts = Facts(self.work, self.models, lambda: self.settings)
        api = self._front.api_of(facts, self.wishes, live, labels)
        return replace(api, health=self.health_view, acknowledge=self.acknowledge)

    async def exposition(self) -> tuple[str, bytes]:
        """Of every worker, and of the supervisor."""
        texts = {"supervisor": self.metrics.exposition()}

        async def add(slot: str, one: Hosted) -> None:
            with suppress(TaktError, KeyError):
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

    def models(self) -> list[ModelView]:
        """Networks that look, in whatever worker."""
        found = {view.name: view for slot in sorted(self._models, reverse=True) for view in self._models[slot]}
        return [found[name] for name in self.settings.recognizers if name in found]

    def work(self) -> list[Work]:
        """Procedures that are followed."""
        return self._works.of(self.settings, self.wishes.files)

    def _running(self, recognizer: str) -> Mapping[str, str]:
        """The slots in which it looks, with its network's id."""
        return {
            slot: view.id for slot, views in sorted(self._models.items()) for view in views if view.name == recognizer
        }

    def any_worker(self) -> Hosted:
        """One that answers. Raises NotNow."""
        if not self._speaks:
            raise NotNow("the workers begin; try again")
        return self._hosted[self._speaks]

    def _all_workers(self) -> Mapping[str, Hosted]:
        begins = [slot for slot, one in self._hosted.items() if one.line is None or slot not in self._beats]
        if begins:
            raise NotNow(f"worker {begins[0]} begins; nothing has changed, try again when the service is ready", 5)
        return self._hosted

    # What is told

    def _owner(self, slot: str) -> Callable[[str], bool]:
        return lambda stream: self.spreading.holds(slot, stream)

    def _whole(self) -> Said:
        whole = self.wishes.share({stream.id for stream in self.wishes.settings.streams})
        return {**whole, "slots": sorted(self._hosted)}

    def _began(self, slot: str) -> None:
        _log.info("worker %s takes streams (process %s)", slot, self._hosted[slot].pid)
        self.spreading.joined(self._slots[slot], self._hosted[slot])
        self._ready.add(slot)
        self.health.ready = not self._crew.all_needed or self._ready == self._hosted.keys()
        self._choose_speaker()

    def _choose_speaker(self) -> None:
        """One worker answers what is asked of the service as a whole."""
        living = sorted(slot for slot in self._ready if self._hosted[slot].line is not None)
        self._speaks = self._speaks if self._speaks in living else next(iter(living), "")
        for slot in living:
            self._hosted[slot].tell("speaks", speaks=slot == self._speaks)

    def _heard(self, slot: str, said: Said) -> None:
        if said["tell"] == "beat":
            self._beats[slot] = said
            self.metrics.progressed(slot, self._clock.now())
        elif said["tell"] == "report":
            self.spreading.reported(slot, said)
        elif said["tell"] == "models":
            self._models[slot] = [ModelView(**{**one, "labels": tuple(one["labels"])}) for one in said["models"]]
        elif said["tell"] == "promised":
            self.promised(said["name"], said["ready_at"])
        else:
            self._ears[slot](said)
            views = self._front.onlookers.register.views()
            ended = bool(views) and all(view.state == "ended" for view in views)
            if said["tell"] == "changed" and ended and not self._lasting:
                self._all_over.set()

    async def _ended(self, slot: str, reason: str) -> None:
        crashed = self._hosted[slot].crashed
        self._parted(slot, reason)
        await self.spreading.lost(slot, crashed)

    def _parted(self, slot: str, reason: str) -> None:
        self.metrics.restarted(slot, reason)
        self._beats.pop(slot, None)
        self._models.pop(slot, None)
        self._choose_speaker()
        for stream, place in self.spreading.placement.places.items():
            if place.slot == slot:
                words = "its worker ended; another one takes over"
                self._front.onlookers.changed(stream, Change("backoff", 0, "worker", words))

    def _placed(self) -> None:
        placement = self.spreading.placement
        self.wishes.terms.keep(placement.newest_term)
        places, waiting = placement.places, {wish.stream for wish in placement.waiting}
        levels = {stream: (place.slot, place.level) for stream, place in places.items()}
        self.metrics.placed(placement.shares(), levels, waiting)
        aside = self.spreading.quarantine.aside
        self.metrics.set_aside(aside)
        if self._ready != self._hosted.keys() or not self._speaks:
            return  # they begin: it is not for want of room
        self._unwatched.are(waiting, aside)


async def supervise(settings: Settings, stop: asyncio.Event, show: Show, written: Written, crew: Crew) -> None:
    """Serve with these workers until `stop` is set.

    Raises:
        ConfigError: nothing can listen there, a token or the folder of pictures cannot be read.
        OutboxUnavailable: another service runs over this data folder, or it cannot be written.
    """
    clock, metrics, health = SystemClock(), Metrics(), Health()
    with owned(settings.outbox_folder.parent):
        async with History.open(settings.data_dir / HISTORY, limits_of(settings.http), clock) as history:
            front = Front.of(settings, clock, metrics, health, history)
            supervisor = Supervisor(settings, front, written.file, crew, clock)
            pictures = CommonShelf(build_shelf(settings, clock, supervisor.metrics), clock)
            supervisor.promised, door, http = pictures.promised, ApiDoor(), settings.http
            now, worker_of = (lambda: supervisor.settings), supervisor.spreading.worker_of
            sites = dict(build_sites(settings, pictures, clock, front.access))
            sites |= {RETAIL: build_retail(settings), WHIP: FarWhip(now, worker_of)}
            app = make_app(supervisor.health, supervisor.exposition, sites, door)
            async with serve(http.host, http.port, app) as port:
                supervisor.wishes.address = f"http://{reachable(http.host)}:{port}"
                keeps = settings.labels.folder is not None
                labels = FarLabels(now, worker_of, supervisor.any_worker) if keeps else None
                door.open(supervisor.api(FarLive(now, worker_of), labels))
                told, words = addresses(settings, port)
                show(told, f"{words}   {crew.words}")
                with closing(supervisor.commands) as commands:
                    async with listening(settings.data_dir, commands.answer):
                        await supervisor.run(stop, written.again, pictures.run())
