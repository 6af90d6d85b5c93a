"""A process of the service: the worker, and who looks at it and asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial

from streamer.build import Making, build_plan, making_of
from streamer.clock import SystemClock
from streamer.front import HISTORY, Front, limits_of
from streamer.health import Health
from streamer.history import History
from streamer.keeping import (
    actor_model,
    build_darkroom,
    build_keeper,
    build_labelling,
    build_live,
    hides_people,
)
from streamer.looking import Looking
from streamer.metrics import CONTENT_TYPE, Metrics
from streamer.peers import PREFIX, build_whip, publish, published
from streamer.premises import addresses, build_shelf, build_sites, reachable
from streamer.rereading import Written
from streamer.retail import PREFIX as RETAIL
from streamer.retail import build_retail
from streamer.roster import Roster
from streamer.settings import Settings
from streamer.web import ApiDoor, make_app, serve
from streamer.worker import Worker

Show = Callable[[Mapping[str, object], str], None]
"""Takes a result's fields and its text for people."""


async def run(settings: Settings, stop: asyncio.Event, show: Show, written: Written | None = None) -> None:
    """Serve until `stop` is set, or until every stream has come to its end.

    `written`: the file that the settings are of; what changes there is applied.

    Raises:
        ConfigError: a recognizer cannot be loaded, nothing can listen there.
        OutboxUnavailable: the outbox cannot be opened.
    """
    clock, metrics, health = SystemClock(), Metrics(), Health()
    async with History.open(settings.data_dir / HISTORY, limits_of(settings.http), clock) as history:
        front = Front.of(settings, clock, metrics, health, history)
        live, labelling = build_live(settings, clock, metrics), build_labelling(settings, clock)
        looking = Looking(live, labelling, front.onlookers)
        try:
            await _serve(settings, written, Outer(front, looking, metrics, health), stop, show)
        finally:
            live.close()
            if labelling is not None:
                labelling.close()


@dataclass(frozen=True, slots=True)
class Outer:
    """Who looks at what runs, and asks."""

    front: Front
    looking: Looking
    metrics: Metrics
    health: Health


async def _serve(settings: Settings, written: Written | None, outer: Outer, stop: asyncio.Event, show: Show) -> None:
    front, looking, metrics, clock, door = outer.front, outer.looking, outer.metrics, outer.front.clock, ApiDoor()
    whip, darkroom = build_whip(settings, clock, metrics.peers), build_darkroom(settings)

    def making(of: Settings, added: Collection[str]) -> Making:
        if hides_people(of):
            darkroom.find_people(actor_model(of))
        return making_of(of, clock, metrics, looking, added, keeps=True)

    roster = Roster(settings, written, clock, making, front.onlookers.register.view, partial(publish, whip))
    settings, http = roster.remember(), settings.http
    shelf = build_shelf(settings, clock, metrics)
    sites = dict(build_sites(settings, shelf, clock, front.access))
    sites[RETAIL] = build_retail(settings)
    if whip is not None:
        sites[PREFIX] = whip
        metrics.peers.sessions_are(lambda: whip.sessions)
    app = make_app(outer.health, lambda: (CONTENT_TYPE, metrics.exposition()), sites, door)
    async with serve(http.host, http.port, app) as port:
        reached = f"http://{reachable(http.host)}:{port}"
        keeper = build_keeper(settings, shelf, darkroom, reached, clock, metrics)
        plan = build_plan(settings, clock, metrics, keeper, looking, roster.added)
        for beside in (beside for stream in plan.streams for beside in stream.beside):
            beside.join()  # known from the beginning, not only when it is watched
        door.open(front.api(roster, roster, looking.live, looking.labelling))
        show(*addresses(settings, port))
        async with published(whip, settings, plan.streams):
            await Worker(plan, clock, metrics, outer.health, roster.run).run(stop)
