"""What keeps a worker silent that others may have taken the place of, and ends it."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from streamer.clock import Clock
from streamer.errors import SinkUnavailable
from streamer.sinks.base import FENCED, Sink
from streamer.wire import Message
from streamer.workers.lease import Lease

_log = logging.getLogger(__name__)

LOOK_S = 0.1
"""Seconds from one look at the lease to the next. What is published asks for itself."""


class Fence:
    """Around one process. Lives on the event loop."""

    def __init__(self, lease: Lease, clock: Clock, lapse: Callable[[], object]) -> None:
        """`lapse` ends the process at once: what it accepted is on disk, and what is open is ended by who reads it."""
        self._lease, self._clock, self._lapse = lease, clock, lapse

    def beat(self) -> float:
        """A beat is sent; the moment that it says."""
        now_s = self._clock.monotonic()
        self._lease.ask(now_s)
        return now_s

    def heard(self, at_s: float) -> None:
        """The supervisor heard the beat of that moment. One that comes too late changes nothing."""
        if not self._lease.lapsed(self._clock.monotonic()):
            self._lease.renew(at_s)

    def may_publish(self) -> bool:
        return self._lease.holds(self._clock.monotonic())

    async def run(self) -> None:
        """Until the lease is over."""
        while not self._lease.lapsed(self._clock.monotonic()):
            await self._clock.sleep(LOOK_S)
        _log.error("the supervisor was not heard for too long: others may have these streams; this worker ends")
        self._lapse()

    @asynccontextmanager
    async def around(self, sink: AbstractAsyncContextManager[Sink]) -> AsyncIterator[Sink]:
        """The same sink, which takes nothing unless the lease holds."""
        async with sink as inner:
            yield _Fenced(inner, self.may_publish)


class _Fenced:
    def __init__(self, sink: Sink, may_publish: Callable[[], bool]) -> None:
        self._sink, self._may_publish = sink, may_publish

    async def put(self, message: Message) -> None:
        """See `Sink.put`."""
        if not self._may_publish():
            raise SinkUnavailable(FENCED)
        await self._sink.put(message)
