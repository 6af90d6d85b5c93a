"""The last step of thinking: events become messages and are made durable, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol
from uuid import UUID

from streamer.clock import Clock
from streamer.errors import OutboxUnavailable
from streamer.event import ActionEvent, CycleEvent, Event, GapEvent, OpenAction, OpenCycle, StepEvent
from streamer.wire import Message, gap_message, message_of

_log = logging.getLogger(__name__)

RETRY_S = 1.0
HOLD = 10_000
"""Events held in memory while the disk takes none; then whole actions and cycles go, the oldest first, counted."""


class Acceptor(Protocol):
    """The part of the outbox that takes events."""

    async def accept(
        self,
        messages: Sequence[Message],
        opened: Sequence[OpenAction | OpenCycle] = (),
        closed: Sequence[UUID] = (),
    ) -> Sequence[Message]: ...


class Observer(Protocol):
    def emitted(self, event: Event) -> None: ...

    def events_lost(self, count: int) -> None: ...

    def stored(self, took_s: float) -> None:
        """How long an event took from being emitted to being durable."""
        ...


class Emitter:
    """Takes events from anywhere on the loop without waiting; one task stores them, oldest first.

    What arrives while a commit runs goes into the next one, so the disk is asked as rarely as it must be. No end is
    stored whose start was dropped, and none is dropped whose start is stored: `hold` may be exceeded by the ends of
    actions, and by the verdicts and ends of cycles, that are open on disk. What was dropped is announced as soon as the
    disk takes something again.
    """

    def __init__(
        self,
        outbox: Acceptor,
        clock_of: Callable[[str], str],
        clock: Clock,
        observer: Observer,
        hold: int = HOLD,
        shown: Callable[[Event], Event] | None = None,
        beside: Callable[[Event], None] = lambda _: None,
    ) -> None:
        """`clock_of(stream)` tells where a stream's wall time comes from: `rtcp` or `arrival`; `shown` gives an event
        the addresses of its pictures, without waiting; `beside` is told of each event at once, stored or not."""
        self._outbox = outbox
        self._clock_of = clock_of
        self._clock = clock
        self._observer = observer
        self._beside = beside
        self._hold = hold
        self._shown = shown
        self._events: list[tuple[Event, float]] = []
        """Each with the moment it was emitted."""
        self._lost: dict[tuple[str, str], tuple[int, float]] = {}
        """Events dropped and not announced yet, by stream and class: how many, and when the newest was (Unix s)."""
        self._dropped: set[UUID] = set()
        """Actions and cycles whose start was dropped and whose end is still to come."""
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def emit(self, events: Iterable[Event]) -> None:
        for event in events:
            self._observer.emitted(event)
            self._beside(event)
            if event.subject not in self._dropped:
                shown = event if self._shown is None else self._shown(event)
                self._events.append((shown, self._clock.monotonic()))
                continue
            self._lose([event])
            if event.closes:
                self._dropped.remove(event.subject)
        self._keep_to_hold()
        if self._events or self._lost:
            self._idle.clear()
            self._arrived.set()

    async def run(self) -> None:
        """Store events for as long as the task lives."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._events or self._lost:
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
        taken, self._events = self._events, []
        lost, self._lost = self._lost, {}
        events = [event for event, _ in taken]
        gaps = [GapEvent(stream, cls, count, "memory", at) for (stream, cls), (count, at) in lost.items()]
        try:
            await self._outbox.accept(
                [*map(gap_message, gaps), *(message_of(event, self._clock_of(event.stream)) for event in events)],
                opened=[_open(event) for event in events if event.opens and not isinstance(event, StepEvent)],
                closed=[event.subject for event in events if event.closes],
            )
        except OutboxUnavailable as error:
            _log.error("%d events wait in memory, the outbox takes none: %s", len(events), error)
            self._events = taken + self._events
            for (stream, cls), (count, at) in lost.items():
                self._note(stream, cls, count, at)
            self._keep_to_hold()
            await self._clock.sleep(RETRY_S)
        else:
            for _, emitted_s in taken:
                self._observer.stored(self._clock.monotonic() - emitted_s)

    def _keep_to_hold(self) -> None:
        while len(self._events) > self._hold:
            oldest = next((event.subject for event, _ in self._events if event.opens), None)
            if oldest is None:
                return
            gone = [event for event, _ in self._events if event.subject == oldest]
            self._events = [waiting for waiting in self._events if waiting[0].subject != oldest]
            self._lose(gone)
            if not gone[-1].closes:
                self._dropped.add(oldest)

    def _lose(self, events: Sequence[Event]) -> None:
        self._observer.events_lost(len(events))
        for event in events:
            self._note(event.stream, message_of(event, "").cls, 1, self._clock.now())

    def _note(self, stream: str, cls: str, count: int, at: float) -> None:
        before, newest = self._lost.get((stream, cls), (0, 0.0))
        self._lost[stream, cls] = before + count, max(at, newest)


def _open(started: ActionEvent | CycleEvent) -> OpenAction | OpenCycle:
    return OpenAction.of(started) if isinstance(started, ActionEvent) else OpenCycle.of(started)
