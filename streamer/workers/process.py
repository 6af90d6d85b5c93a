"""The process of a worker: `python -m streamer.workers.process SOCKET SLOT CPUS`, begun by the supervisor."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import Collection
from dataclasses import replace

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
from streamer.settings import Settings, secrets
from streamer.views import StreamView
from streamer.worker import Worker
from streamer.workers.line import Line
from streamer.workers.meter import CountingMetrics
from streamer.workers.relay import Relay
from streamer.workers.share import Share, own, without_streams


def _plan(whole: Settings, slot: str, clock: Clock, metrics: CountingMetrics, looking: Looking) -> Plan:
    mine = without_streams(own(whole, slot))
    mine.data_dir.mkdir(parents=True, exist_ok=True)
    # What an earlier process of this slot showed is shown by others now: it must not be taken away.
    (mine.data_dir / REMEMBERED).unlink(missing_ok=True)
    plan = build_plan(mine, clock, metrics, None, looking)
    # Its outbox stands beside those of the others, so that it can be taken over.
    outbox = replace(plan.outbox, folder=whole.data_dir / "outbox" / slot)
    return replace(plan, lasting=True, outbox=outbox)


async def work(end: socket.socket, slot: str, cpus: float) -> None:
    """Serve what the supervisor gives, until it says so or is gone.

    Raises:
        ConfigError: the configuration cannot be used.
        OutboxUnavailable: the outbox cannot be opened.
    """
    clock, metrics = SystemClock(), CountingMetrics()
    share = Share(slot, metrics, clock, cpus)
    async with Line.over(end, share.answer, share.hear) as line, asyncio.TaskGroup() as group:

        async def listen() -> None:
            await line.run()
            share.stop.set()
            share.begun.cancel()

        listening = group.create_task(listen())
        try:
            await _serve(await share.begun, slot, share, line, metrics, clock)
        except asyncio.CancelledError:
            if not share.begun.cancelled():
                raise
        listening.cancel()


async def _serve(whole: Settings, slot: str, share: Share, line: Line, metrics: CountingMetrics, clock: Clock) -> None:
    configure(whole.log.level, whole.log.format, secrets(whole))
    relay = share.relay = Relay(line.tell, clock)
    looking = Looking(onlookers=relay)

    def making(of: Settings, added: Collection[str]) -> Making:
        return making_of(of, clock, metrics, looking, added)

    plan = _plan(whole, slot, clock, metrics, looking)
    roster = share.roster = Roster(without_streams(own(whole, slot)), None, clock, making, _no_view)

    async def steer(following: Following) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(roster.run(following))
            group.create_task(share.run(line, following))

    await Worker(plan, clock, metrics, Health(), steer).run(share.stop)


def _no_view(stream: str) -> StreamView:
    """What is told of a stream is known to the supervisor."""
    return StreamView(stream, "", "", ())


def main(arguments: list[str]) -> int:
    handle, slot, cpus = arguments
    try:
        asyncio.run(work(socket.socket(fileno=int(handle)), slot, float(cpus)))
    except* TaktError as errors:
        problem = "".join(f"worker {slot}: {error}\n" for error in errors.exceptions)
        sys.stderr.write(problem)
        failed = True
    else:
        failed = False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
