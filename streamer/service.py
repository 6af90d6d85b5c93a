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

from streamer.build import build_plan
from streamer.clock import SystemClock
from streamer.health import Health
from streamer.keeping import build_keeper, build_labelling, build_live, build_shelf, build_sites, reachable
from streamer.metrics import CONTENT_TYPE, Metrics
from streamer.pages import PREFIX as RETAIL
from streamer.pages import build_retail
from streamer.peers import PREFIX, build_whip, published
from streamer.settings import Settings
from streamer.web import make_app, serve
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
    http, shelf = settings.http, build_shelf(settings, clock, metrics)
    sites, whip = dict(build_sites(settings, shelf, clock)), build_whip(settings, clock)
    sites[RETAIL] = build_retail(settings)
    if whip is not None:
        sites[PREFIX] = whip
    live, labelling = build_live(settings, clock, metrics), build_labelling(settings, clock)
    app = make_app(health, lambda: (CONTENT_TYPE, metrics.exposition()), sites)
    async with serve(http.host, http.port, app) as port:
        keeper = build_keeper(settings, shelf, f"http://{reachable(http.host)}:{port}", clock, metrics)
        plan = build_plan(settings, clock, metrics, keeper, live, labelling)
        worker = Worker(plan, clock, metrics, health)
        host = f"[{http.host}]" if ":" in http.host else http.host
        base = f"http://{host}:{port}"
        told = {"metrics": f"{base}/metrics", "live": f"{base}/livez", "ready": f"{base}/readyz"}
        text = f"metrics {base}/metrics   health {base}/livez {base}/readyz"
        if whip is not None:
            told["publish"] = f"{base}{PREFIX}"
            text += f"   publish to {base}{PREFIX}<stream>"
        show(told, text)
        try:
            async with published(whip, settings, plan.streams):
                await worker.run(stop)
        finally:
            live.close()
            if labelling is not None:
                labelling.close()
