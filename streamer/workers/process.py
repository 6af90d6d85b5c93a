"""The process of a worker: `python -m streamer.workers.process SOCKET SLOT CPUS`, begun by the supervisor."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import replace
from functools import partial

from streamer.build import Making, build_plan, making_of
from streamer.clock import SystemClock
from streamer.errors import TaktError
from streamer.evidence.guest import GuestShelf, Promised
from streamer.evidence.keeper import EvidenceKeeper
from streamer.following import Following
from streamer.health import Health
from streamer.keeping import actor_model, build_darkroom, build_keeper, build_labelling, build_live, hides_people
from streamer.labels.labelling import Labelling
from streamer.logs import configure
from streamer.looking import Looking
from streamer.peers import build_whip, publish, published
from streamer.plan import Plan
from streamer.roster import Roster
from streamer.settings import Settings, secrets
from streamer.views import StreamView
from streamer.worker import Worker
from streamer.workers.fence import Fence
from streamer.workers.lease import Lease
from streamer.workers.line import Line
from streamer.workers.looks import Looks
from streamer.workers.meter import CountingMetrics
from streamer.workers.neighbours import leave_to_others
from streamer.workers.own import own, without_streams
from streamer.workers.questions import Commanded, questions
from streamer.workers.relay import Relay
from streamer.workers.share import Seat, Share


def _plan(whole: Settings, share: Share, keeper: EvidenceKeeper, commanded: Commanded, looking: Looking) -> Plan:
    mine = without_streams(own(whole, share.slot))
    mine.data_dir.mkdir(parents=True, exist_ok=True)
    leave_to_others(mine.data_dir, share.neighbours.streams)
    plan = build_plan(mine, share.clock, share.metrics, keeper, looking, others=share.neighbours)
    others, fence = plan.outbox.others, share.fence
    others = others if fence is None else tuple((of, fence.around(sink)) for of, sink in others)
    # Its outbox stands beside those of the others, so that it can be taken over. Terms are the supervisor's to give.
    folder, beside = whole.data_dir / "outbox" / share.slot, share.neighbours.slots
    outbox = replace(plan.outbox, folder=folder, others=others, goes_on=True, beside=frozenset(beside))
    return replace(plan, lasting=True, outbox=outbox, commanded=commanded.listening)


def _leave() -> None:
    os._exit(1)


async def work(
    end: socket.socket, seat: Seat, lapse: Callable[[], object] = _leave, stop: asyncio.Event | None = None
) -> None:
    """Serve what the supervisor gives, until it says so or is gone, or until `stop`; `lapse` ends the process at once.

    Raises:
        ConfigError: the configuration cannot be used.
        OutboxUnavailable: the outbox cannot be opened.
    """
    clock, metrics = SystemClock(), CountingMetrics()
    fence = None if seat.lease_s is None else Fence(Lease(seat.lease_s), clock, lapse)
    share = Share(seat, metrics, clock, asyncio.Event() if stop is None else stop, fence)
    async with Line.over(end, share.answer, share.hear) as line, asyncio.TaskGroup() as group:

        async def listen() -> None:
            await line.run()
            share.stop.set()
            share.begun.cancel()

        beside = [group.create_task(listen())]
        if fence is not None:
            beside.append(group.create_task(fence.run()))
        try:
            await _serve(await share.begun, share, line)
        except asyncio.CancelledError:
            if not share.begun.cancelled():
                raise
        for task in beside:
            task.cancel()


async def _serve(whole: Settings, share: Share, line: Line) -> None:
    configure(whole.log.level, whole.log.format, secrets(whole))
    mine, clock, metrics = own(whole, share.slot), share.clock, share.metrics
    relay = share.relay = Relay(line.tell, clock)
    live, labelling = build_live(mine, clock, metrics), build_labelling(mine, clock)
    with closing(live), _closing(labelling):
        looking = Looking(live, labelling, relay)
        darkroom, whip, commanded = build_darkroom(mine), build_whip(mine, clock, metrics.peers), Commanded()
        looks = Looks(live, line.room, clock)
        share.questions, share.left = questions(looks, labelling, whip, commanded), looks.leave
        if whip is not None:
            metrics.peers.sessions_are(lambda: whip.sessions)

        def making(of: Settings, added: Collection[str]) -> Making:
            if hides_people(of):
                darkroom.find_people(actor_model(of))
            return making_of(of, clock, metrics, looking, added, keeps=True)

        shelf = GuestShelf(mine.evidence_folder, mine.evidence.max_mib << 20, clock, _promising(line))
        keeper = build_keeper(mine, shelf, darkroom, "", clock, metrics)
        plan = _plan(whole, share, keeper, commanded, looking)
        share.once = plan.once
        roster = share.roster = Roster(without_streams(mine), None, clock, making, _no_view, partial(publish, whip))

        async def steer(following: Following) -> None:
            async with asyncio.TaskGroup() as group:
                for one in (roster.run(following), share.run(line, following), looks.run()):
                    group.create_task(one)

        async with published(whip, without_streams(mine), ()):
            await Worker(plan, clock, metrics, Health(), steer).run(share.stop)


def _promising(line: Line) -> Promised:
    """Tells the supervisor, which serves the files, of those that will come; from whatever thread."""
    loop = asyncio.get_running_loop()

    def promised(name: str, ready_at: float | None) -> None:
        with suppress(RuntimeError):  # the loop is closed: so is the line
            loop.call_soon_threadsafe(partial(line.tell, "promised", name=name, ready_at=ready_at))

    return promised


def _closing(labelling: Labelling | None) -> AbstractContextManager[object]:
    return nullcontext() if labelling is None else closing(labelling)


def _no_view(stream: str) -> StreamView:
    """What is told of a stream is known to the supervisor."""
    return StreamView(stream, "", "", ())


async def _here(end: socket.socket, seat: Seat) -> None:
    """Whoever stops a service may send its signal to all processes at once: each ends in order then."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await work(end, seat, stop=stop)


def main(arguments: list[str]) -> int:
    handle, slot, cpus = arguments
    try:
        asyncio.run(_here(socket.socket(fileno=int(handle)), Seat(slot, float(cpus))))
    except* TaktError as errors:
        problem = "".join(f"worker {slot}: {error}\n" for error in errors.exceptions)
        sys.stderr.write(problem)
        failed = True
    else:
        failed = False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
