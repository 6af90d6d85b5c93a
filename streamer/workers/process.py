"""The process of a worker: `python -m streamer.workers.process SOCKET SLOT CPUS`, begun by the supervisor."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

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
from streamer.sinks.mqtt.options import always
from streamer.views import StreamView
from streamer.worker import Worker
from streamer.workers.fence import Fence
from streamer.workers.lease import Lease
from streamer.workers.line import Line
from streamer.workers.meter import CountingMetrics
from streamer.workers.relay import Relay
from streamer.workers.share import Seat, Share, own, without_streams


@dataclass(frozen=True, slots=True)
class Post:
    """Where a worker stands."""

    slot: str
    share: Share
    line: Line
    fence: Fence | None


def _plan(whole: Settings, post: Post, clock: Clock, metrics: CountingMetrics, looking: Looking) -> Plan:
    slot, fence = post.slot, post.fence
    mine = without_streams(own(whole, slot))
    mine.data_dir.mkdir(parents=True, exist_ok=True)
    # What an earlier process of this slot showed is shown by others now: it must not be taken away.
    (mine.data_dir / REMEMBERED).unlink(missing_ok=True)
    plan = build_plan(mine, clock, metrics, None, looking, may_publish=always if fence is None else fence.may_publish)
    others = plan.outbox.others
    others = others if fence is None else tuple((of, fence.around(sink)) for of, sink in others)
    # Its outbox stands beside those of the others, so that it can be taken over. Terms are the supervisor's to give.
    folder = whole.data_dir / "outbox" / slot
    outbox = replace(plan.outbox, folder=folder, others=others, goes_on=True, beside=post.share.beside)
    return replace(plan, lasting=True, outbox=outbox)


def _leave() -> None:
    os._exit(1)


async def work(end: socket.socket, seat: Seat, lapse: Callable[[], object] = _leave) -> None:
    """Serve what the supervisor gives, until it says so or is gone; `lapse` ends the process at once.

    Raises:
        ConfigError: the configuration cannot be used.
        OutboxUnavailable: the outbox cannot be opened.
    """
    clock, metrics = SystemClock(), CountingMetrics()
    fence = None if seat.lease_s is None else Fence(Lease(seat.lease_s), clock, lapse)
    share = Share(seat, metrics, clock, fence)
    async with Line.over(end, share.answer, share.hear) as line, asyncio.TaskGroup() as group:

        async def listen() -> None:
            await line.run()
            share.stop.set()
            share.begun.cancel()

        beside = [group.create_task(listen())]
        if fence is not None:
            beside.append(group.create_task(fence.run()))
        try:
            await _serve(await share.begun, Post(seat.slot, share, line, fence), metrics, clock)
        except asyncio.CancelledError:
            if not share.begun.cancelled():
                raise
        for task in beside:
            task.cancel()


async def _serve(whole: Settings, post: Post, metrics: CountingMetrics, clock: Clock) -> None:
    slot, share, line = post.slot, post.share, post.line
    configure(whole.log.level, whole.log.format, secrets(whole))
    relay = share.relay = Relay(line.tell, clock)
    looking = Looking(onlookers=relay)

    def making(of: Settings, added: Collection[str]) -> Making:
        return making_of(of, clock, metrics, looking, added)

    plan = _plan(whole, post, clock, metrics, looking)
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
        asyncio.run(work(socket.socket(fileno=int(handle)), Seat(slot, float(cpus))))
    except* TaktError as errors:
        problem = "".join(f"worker {slot}: {error}\n" for error in errors.exceptions)
        sys.stderr.write(problem)
        failed = True
    else:
        failed = False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
