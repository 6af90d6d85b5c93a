"""From the outbox to the sinks: in order, until taken."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Protocol

from streamer.backoff import full_jitter
from streamer.clock import Clock
from streamer.errors import MessageRejected, OutboxUnavailable, SinkUnavailable
from streamer.outbox import MAIN, WINDOW, Outbox, Outlet, Queued
from streamer.sinks.base import Sink
from streamer.wire import Message

_log = logging.getLogger(__name__)

RETRY_BASE_S = 0.1
RETRY_CAP_S = 2.0
DISK_RETRY_S = 1.0
REPLAYED = {"replayed": "true"}
"""A property of messages that are sent again on purpose."""


class DeliveryObserver(Protocol):
    """Called on the loop."""

    def delivered(self, message: Message, latency_s: float) -> None:
        """Glass to event: from the capture of the newest picture behind the message until the sink had it."""
        ...

    def published(self, took_s: float) -> None:
        """How long a message took from being durable until the sink had it."""
        ...

    def dead_lettered(self, reason: str) -> None: ...


class Delivery:
    """Puts waiting messages into a sink, at most `WINDOW` at a time, each at least once.

    Puts start in order of acceptance. When one fails the rest of the window lands first, then everything that is
    left starts over from the oldest: so a stream's messages arrive in order, save those sent again.
    """

    def __init__(self, outbox: Outlet, sink: Sink, clock: Clock, observer: DeliveryObserver) -> None:
        self._outbox = outbox
        self._sink = sink
        self._clock = clock
        self._observer = observer
        self._in_flight = 0
        self._taken: list[int] = []
        self._taken_some = asyncio.Event()
        self._failed = asyncio.Event()
        self._attempt = 0

    async def run(self) -> None:
        """Deliver for as long as the task lives."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._forget())
            while True:
                self._failed.clear()
                try:
                    await self._dispatch(group)
                except OutboxUnavailable as error:
                    _log.error("waiting messages cannot be read: %s", error)
                while self._in_flight:
                    await self._changed()
                self._attempt += 1
                await self._clock.sleep(full_jitter(self._attempt, RETRY_BASE_S, RETRY_CAP_S))

    async def drain(self, grace_s: float) -> int:
        """Let `run` deliver what waits, for at most `grace_s`; returns how many messages are left."""
        try:
            async with asyncio.timeout(grace_s):
                await self._outbox.drained()
        except TimeoutError:
            text = "%d messages for %s are left in the outbox and will be delivered at the next start"
            _log.warning(text, self._outbox.depth, self._outbox.name)
        return self._outbox.depth

    async def replay(self, since: float) -> int:
        """Send once more what the sink took since a time (Unix seconds), in order and before what is newer.

        Returns how many messages that are: those that are still kept. They say `replayed`.
        """
        count = await self._outbox.replay(since)
        if count:
            _log.warning("%d messages are sent again, in case they were lost behind the sink", count)
            # The window lands, then everything starts over from the oldest.
            self._failed.set()
            self._outbox.arrived.set()
        return count

    async def _dispatch(self, group: asyncio.TaskGroup) -> None:
        """Start puts in order until one fails."""
        last = 0
        while not self._failed.is_set():
            free = WINDOW - self._in_flight
            batch = await self._outbox.pending(last, free) if free else []
            if self._failed.is_set():
                return
            for queued in batch:
                last = queued.id
                self._in_flight += 1
                group.create_task(self._deliver(queued))
            if not batch:
                await self._changed()

    async def _changed(self) -> None:
        await self._outbox.arrived.wait()
        self._outbox.arrived.clear()

    async def _deliver(self, queued: Queued) -> None:
        message = queued.message
        if queued.replayed:
            message = replace(message, properties={**message.properties, **REPLAYED})
        try:
            await self._sink.put(message)
        except SinkUnavailable as error:
            if not self._failed.is_set():
                _log.log(logging.WARNING if self._attempt == 0 else logging.DEBUG, "delivery waits: %s", error)
            self._failed.set()
            self._land(1)
        except MessageRejected as error:
            _log.error("message %s to %s was refused for good: %s", message.key, message.topic, error.reason)
            await self._settle(partial(self._outbox.dead_letter, queued.id, error.reason))
            self._observer.dead_lettered(error.reason)
            self._land(1)
        else:
            self._attempt = 0
            self._observer.delivered(message, self._clock.now() - message.captured_at)
            self._observer.published(max(0.0, self._clock.now() - queued.accepted_at))
            self._taken.append(queued.id)
            self._taken_some.set()

    async def _forget(self) -> None:
        """Tell the outbox what the sink took, all at once that came while it wrote the last."""
        while True:
            await self._taken_some.wait()
            self._taken_some.clear()
            ids, self._taken = self._taken, []
            await self._settle(partial(self._outbox.delivered, ids))
            self._land(len(ids))

    async def _settle(self, tell: Callable[[], Awaitable[None]]) -> None:
        """Tell the outbox, however long its disk takes."""
        while True:
            try:
                await tell()
                return
            except OutboxUnavailable as error:
                _log.error("a settled message cannot be removed from the outbox: %s", error)
                await self._clock.sleep(DISK_RETRY_S)

    def _land(self, count: int) -> None:
        self._in_flight -= count
        self._outbox.arrived.set()


class SinkObserver(DeliveryObserver, Protocol):
    """Called on the loop."""

    def sink_delivered(self, sink: str) -> None:
        """A sink besides the main one took a message."""
        ...

    def replayed(self, count: int) -> None: ...


class Deliveries:
    """Every sink gets what waits for it, at its own pace: one that is away holds nobody else up."""

    def __init__(self, outbox: Outbox, sinks: Mapping[str, Sink], clock: Clock, observer: SinkObserver) -> None:
        """`sinks` by the names of the outbox's recipients."""
        self._one = {
            name: Delivery(outbox.outlet(name), sink, clock, observer if name == MAIN else _Beside(name, observer))
            for name, sink in sinks.items()
        }
        self._observer = observer
        self._some_lost = asyncio.Event()
        self._lost_since = math.inf

    async def run(self) -> None:
        """Deliver for as long as the task lives."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._replay_lost())
            for delivery in self._one.values():
                group.create_task(delivery.run())

    def lost(self, since: float) -> None:
        """What the main sink took since then (Unix seconds) may be lost: it is sent again soon. Never waits."""
        self._lost_since = min(since, self._lost_since)
        self._some_lost.set()

    async def _replay_lost(self) -> None:
        while True:
            await self._some_lost.wait()
            self._some_lost.clear()
            since, self._lost_since = self._lost_since, math.inf
            try:
                await self.replay(since)
            except OutboxUnavailable as error:
                _log.error("what the broker has forgotten cannot be read: %s", error)

    async def drain(self, grace_s: float) -> None:
        """Let `run` deliver what waits, for at most `grace_s`."""
        await asyncio.gather(*(delivery.drain(grace_s) for delivery in self._one.values()))

    async def replay(self, since: float, name: str = MAIN) -> int:
        """As `Delivery.replay`. Raises KeyError where there is no such sink."""
        count = await self._one[name].replay(since)
        self._observer.replayed(count)
        return count


class _Beside:
    """Of the other sinks only what was delivered and what was refused is counted."""

    def __init__(self, name: str, observer: SinkObserver) -> None:
        self._name = name
        self._observer = observer

    def delivered(self, message: Message, latency_s: float) -> None:
        self._observer.sink_delivered(self._name)

    def published(self, took_s: float) -> None:
        """How long it took is counted of the main one."""

    def dead_lettered(self, reason: str) -> None:
        self._observer.dead_lettered(reason)
