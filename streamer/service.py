"""A process of the service: signals, health, and the worker between them."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from streamer.build import build_plan
from streamer.clock import SystemClock
from streamer.front import HISTORY, Front, limits_of
from streamer.health import Health
from streamer.history import History
from streamer.keeping import build_keeper, build_labelling, build_live, build_shelf, build_sites, reachable
from streamer.metrics import CONTENT_TYPE, Metrics
from streamer.pages import PREFIX as RETAIL
from streamer.pages import build_retail
from streamer.peers import PREFIX, build_whip, published
from streamer.settings import Settings
from streamer.web import API, ApiDoor, make_app, serve
from streamer.worker import Worker

_log = logging.getLogger(__name__)

Show = Callable[[Mapping[str, object], str], None]
"""Takes a result's fields and its text for people."""


@contextmanager
def stop_on_signals(stop: asyncio.Event) -> Iterator[None]:
    """The first SIGTERM or SIGINT asks to stop; a second one leaves at once (what is accepted is on disk).

    On a thread of its own: a loop that hangs in a write which nobody reads would not hear of a signal.
    """
    loop = asyncio.get_running_loop()
    hearing, ringing = socket.socketpair()
    ringing.setblocking(False)

    def begin(name: str) -> None:
        stop.set()
        _log.info("%s: stopping; a second signal leaves at once", name)

    def hear() -> None:
        told = False
        while heard := hearing.recv(1):
            if told or stop.is_set():
                os._exit(128 + heard[0])
            told = True
            loop.call_soon_threadsafe(begin, signal.Signals(heard[0]).name)

    before = {sign: signal.signal(sign, lambda *_: None) for sign in (signal.SIGTERM, signal.SIGINT)}
    wakened = signal.set_wakeup_fd(ringing.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=hear, name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(wakened)
        for sign, handler in before.items():
            signal.signal(sign, handler)
        ringing.close()
        thread.join()
        hearing.close()


async def run(settings: Settings, stop: asyncio.Event, show: Show) -> None:
    """Serve until `stop` is set, or until every stream has come to its end.

    Raises:
        ConfigError: a recognizer cannot be loaded, nothing can listen there.
        OutboxUnavailable: the outbox cannot be opened.
    """
    clock, metrics, health = SystemClock(), Metrics(), Health()
    async with History.open(settings.data_dir / HISTORY, limits_of(settings.http), clock) as history:
        front = Front.of(settings, clock, metrics, health, history)
        await _serve(settings, front, health, metrics, stop, show)


async def _serve(
    settings: Settings, front: Front, health: Health, metrics: Metrics, stop: asyncio.Event, show: Show
) -> None:
    http, clock, door = settings.http, front.clock, ApiDoor()
    shelf = build_shelf(settings, clock, metrics)
    sites, whip = dict(build_sites(settings, shelf, clock, front.access)), build_whip(settings, clock, metrics.peers)
    sites[RETAIL] = build_retail(settings)
    if whip is not None:
        sites[PREFIX] = whip
        metrics.peers.sessions_are(lambda: whip.sessions)
    live, labelling = build_live(settings, clock, metrics), build_labelling(settings, clock)
    app = make_app(health, lambda: (CONTENT_TYPE, metrics.exposition()), sites, door)
    async with serve(http.host, http.port, app) as port:
        keeper = build_keeper(settings, shelf, f"http://{reachable(http.host)}:{port}", clock, metrics)
        plan = replace(build_plan(settings, clock, metrics, keeper, live, labelling), audience=front.onlookers)
        door.open(front.api(plan, live, labelling))
        show(*_addresses(http.host, port, whip is not None))
        try:
            async with published(whip, settings, plan.streams):
                await Worker(plan, clock, metrics, health).run(stop)
        finally:
            live.close()
            if labelling is not None:
                labelling.close()


def _addresses(name: str, port: int, publishes: bool) -> tuple[dict[str, object], str]:
    host = f"[{name}]" if ":" in name else name
    base = f"http://{host}:{port}"
    told: dict[str, object] = {
        "page": f"{base}/",
        "api": f"{base}{API}",
        "metrics": f"{base}/metrics",
        "live": f"{base}/livez",
        "ready": f"{base}/readyz",
    }
    text = f"page {base}/   metrics {base}/metrics   health {base}/livez {base}/readyz"
    if publishes:
        told["publish"] = f"{base}{PREFIX}"
        text += f"   publish to {base}{PREFIX}<stream>"
    return told, text
