"""The process of a worker: `python -m streamer.workers.process SOCKET CONFIG SLOT CPUS`, begun by the supervisor."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from streamer.broker import REMEMBERED
from streamer.build import Making, build_plan, making_of
from streamer.clock import Clock, SystemClock
from streamer.errors import TaktError
from streamer.following import Following
from streamer.health import Health
from streamer.logs import configure
from streamer.looking import Looking
from streamer.plan import Plan
from streamer.roster import Roster
from streamer.settings import Settings, load, secrets
from streamer.views import StreamView
from streamer.worker import Worker
from streamer.workers.line import Line
from streamer.workers.meter import CountingMetrics
from streamer.workers.relay import Relay
from streamer.workers.share import Share


def own(settings: Settings, slot: str) -> Settings:
    """The settings as they are in a worker: a folder and a name at the broker of its own."""
    mqtt = settings.mqtt
    if mqtt is not None:
        name = mqtt.client_id or f"takt-{socket.gethostname()}"
        mqtt = mqtt.model_copy(update={"client_id": f"{name}-{slot}"})
    return settings.model_copy(update={"mqtt": mqtt, "data_dir": folder_of(settings, slot)})


def folder_of(settings: Settings, slot: str) -> Path:
    """What a worker keeps besides its outbox."""
    return settings.data_dir / "workers" / slot


def outbox_of(settings: Settings, slot: str) -> Path:
    """Beside those of the others, so that it can be taken over."""
    return settings.data_dir / "outbox" / slot


def _no_view(stream: str) -> StreamView:
    """What is told of a stream is known to the supervisor."""
    return StreamView(stream, "", "", ())


def _plan(file: Settings, slot: str, clock: Clock, metrics: CountingMetrics, looking: Looking) -> Plan:
    mine = own(file, slot).model_copy(update={"streams": ()})
    mine.data_dir.mkdir(parents=True, exist_ok=True)
    # What an earlier process of this slot showed is shown by others now: it must not be taken away.
    (mine.data_dir / REMEMBERED).unlink(missing_ok=True)
    plan = build_plan(mine, clock, metrics, None, looking)
    return replace(plan, lasting=True, outbox=replace(plan.outbox, folder=outbox_of(file, slot)))


async def work(end: socket.socket, config: Path, slot: str, cpus: float) -> None:
    """Serve what the supervisor gives, until it says so or is gone.

    Raises:
        ConfigError: the configuration cannot be used.
        OutboxUnavailable: the outbox cannot be opened.
    """
    file = load(config, os.environ)
    configure(file.log.level, file.log.format, secrets(file))
    clock, metrics, stop = SystemClock(), CountingMetrics(), asyncio.Event()
    share = Share(config, lambda settings: own(settings, slot), metrics, clock, stop)
    share.cpus = cpus
    async with Line.over(end, share.answer, share.hear) as line:
        relay = share.relay = Relay(line.tell, clock)
        looking = Looking(onlookers=relay)

        def making(of: Settings, added: Collection[str]) -> Making:
            return making_of(of, clock, metrics, looking, added)

        plan = _plan(file, slot, clock, metrics, looking)
        mine = own(file, slot).model_copy(update={"streams": ()})
        roster = share.roster = Roster(mine, None, clock, making, _no_view)

        async def steer(following: Following) -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(roster.run(following))
                group.create_task(share.run(line, following))

        async def listen() -> None:
            await line.run()
            stop.set()

        async with asyncio.TaskGroup() as group:
            listening = group.create_task(listen())
            await Worker(plan, clock, metrics, Health(), steer).run(stop)
            listening.cancel()


def main(arguments: list[str]) -> int:
    handle, config, slot, cpus = arguments
    try:
        asyncio.run(work(socket.socket(fileno=int(handle)), Path(config), slot, float(cpus)))
    except* TaktError as errors:
        problem = "".join(f"worker {slot}: {error}\n" for error in errors.exceptions)
        sys.stderr.write(problem)
        failed = True
    else:
        failed = False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
