"""The last step of thinking: events become messages and are made durable, in order."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.event import ActionEvent, OpenAction, Phase
from streamer.wire import Message, action_message

_log = logging.getLogger(__name__)

RETRY_S = 1.0
HOLD = 10_000
"""Events held in memory while the disk takes none; the oldest go first after that, counted."""


class Acceptor(Protocol):
    """The part of the outbox that takes events."""

    async def accept(
        self, messages: Sequence[Message], opened: Sequence[OpenAction] = (), closed: Sequence[UUID] = ()
    ) -> Sequence[Message]: ...


class Observer(Protocol):
    def events(self, stream: str, phase: str) -> None: ...

    def events_lost(self, count: int) -> None: ...


class Emitter:
    """Takes events from anywhere on the loop without waiting; one task stores them, oldest first.

    What arrives while a commit runs goes into the next one, so the disk is asked as rarely as it must be.
    """

    def __init__(self, outbox: Acceptor, clock_of: Callable[[str], str], clock: Clock, observer: Observer) -> None:
        """`clock_of(stream)` tells where a stream's wall time comes from: `rtcp` or `arrival`."""
        self._outbox = outbox
        self._clock_of = clock_of
        self._clock = clock
        self._observer = observer
        self._events: deque[ActionEvent] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def emit(self, events: Iterable[ActionEvent]) -> None:
        for event in events:
            self._events.append(event)
            self._observer.events(event.stream, str(event.phase))
        while len(self._events) > HOLD:
            self._events.popleft()
            self._observer.events_lost(1)
        if self._events:
            self._idle.clear()
            self._arrived.set()

    async def run(self) -> None:
        """Store events for as long as the task lives."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._events:
                await self._store()
            self._idle.set()

    async def flush(self, grace_s: float | None = None) -> bool:
        """Whether everything emitted so far became durable, within `grace_s` where given."""
        try:
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        except TimeoutError:
            _log.error("%d events are not stored: the outbox takes none", len(self._events))
            return False
        return True

    async def _store(self) -> None:
        events = list(self._events)
        self._events.clear()
        try:
            await self._outbox.accept(
                [action_message(event, self._clock_of(event.stream)) for event in events],
                opened=[OpenAction.of(event) for event in events if event.phase is Phase.STARTED],
                closed=[event.action_id for event in events if event.phase is Phase.ENDED],
            )
        except OutboxUnavailable as error:
            _log.error("%d events wait in memory, the outbox takes none: %s", len(events), error)
            self._events.extendleft(reversed(events))
            await self._clock.sleep(RETRY_S)
