"""Makes the traces of events: notes stations in the messages themselves, and tells the whole trace at the receipt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from recognizers.clip import Clip
from streamer.clock import Clock
from streamer.emitter import Acceptor
from streamer.errors import MessageRejected
from streamer.event import Event, OpenAction, OpenCycle
from streamer.outbox import MAIN
from streamer.sinks.base import Sink
from streamer.tracing.ids import TRACEPARENT, TRACESTATE, is_sampled, says_sampled, traceparent
from streamer.tracing.spans import Sending, Span, sent, whole
from streamer.tracing.way import Look, read, written
from streamer.wire import Message

K = TypeVar("K")
V = TypeVar("V")

_WATCHES, _EVENTS = 4096, 20_000
"""Of which something is remembered at most; of what is forgotten, a trace says less."""


class Export(Protocol):
    """Takes finished spans."""

    def __call__(self, spans: Sequence[Span]) -> None:
        """Never waits and never fails."""
        ...

    async def aclose(self) -> None:
        """As `Tracing.aclose`."""
        ...


class EventTraces:
    """A trace per event, told when the main sink has its message; the other sinks add their own spans.

    What the disk keeps is enough for a whole trace: a message that is delivered after a restart, or by a neighbour that
    adopted it, ends its trace as any other. What is in memory only makes `store` more exact.
    """

    def __init__(self, export: Export, share: float, systems: Mapping[str, str], clock: Clock) -> None:
        """`share` of the events in [0, 1] is traced; `systems`: what each sink speaks, by its name."""
        self._export, self._share, self._systems, self._clock = export, share, systems, clock
        self._looks: _Newest[tuple[str, str], Look] = _Newest(_WATCHES)
        """The latest of each (stream, watch)."""
        self._emitted: _Newest[UUID, tuple[float, Look | None]] = _Newest(_EVENTS)
        """Events that are not stored yet: when they were decided, and upon which look."""
        self._durable: _Newest[UUID, float] = _Newest(_EVENTS)
        """When messages became durable that the main sink does not have yet."""

    def looked(self, clips: Sequence[Clip], waited_s: Sequence[float], took_s: float) -> None:
        answered_at = self._clock.now()
        began_at = answered_at - took_s
        for clip, waited in zip(clips, waited_s, strict=True):
            look = Look(clip.captured_at, began_at - waited, began_at, answered_at, len(clips))
            self._looks[clip.stream, clip.watch] = look

    def emitted(self, event: Event) -> None:
        look = self._looks.get((event.stream, event.watch))
        # An event that time or a lost connection decided has no clip to thank for it.
        seen = look if look is not None and look.captured_at == event.decided_at else None
        self._emitted[event.event_id] = (self._clock.now(), seen)

    def storing(self, outbox: Acceptor) -> Acceptor:
        return _Storing(outbox, self)

    def sending(self, sinks: Mapping[str, Sink]) -> dict[str, Sink]:
        return {name: _Sending(name, sink, self._clock, self.sent) for name, sink in sinks.items()}

    async def aclose(self) -> None:
        await self._export.aclose()

    def with_trace(self, message: Message) -> Message:
        """The message with what its trace needs; as it is, where nobody emitted it."""
        emitted = self._emitted.get(message.key)
        if emitted is None:
            return message
        sampled = is_sampled(message.key, self._share)
        properties = {**message.properties, TRACEPARENT: traceparent(message.key, sampled)}
        if sampled:
            at, look = emitted
            properties[TRACESTATE] = written(look, message.captured_at, at, self._clock.now())
        return replace(message, properties=properties)

    def stored(self, messages: Iterable[Message]) -> None:
        """They are durable now."""
        now = self._clock.now()
        for message in messages:
            if self._emitted.pop(message.key) is not None and TRACESTATE in message.properties:
                self._durable[message.key] = now

    def sent(self, sink: str, message: Message, began_at: float, refused: str = "") -> None:
        """A sink took a message just now, or will never take it."""
        if not says_sampled(message.properties.get(TRACEPARENT, "")):
            return
        sending = Sending(sink, self._systems.get(sink, sink), began_at, self._clock.now(), refused)
        if sink != MAIN or "replayed" in message.properties:
            return self._export([sent(message, sending)])
        way = read(message.properties.get(TRACESTATE, ""), message.captured_at)
        self._export(whole(message, way, self._durable.pop(message.key), sending))


class _Storing:
    """An outbox whose messages take along what their trace needs."""

    def __init__(self, outbox: Acceptor, traces: EventTraces) -> None:
        self._outbox, self._traces = outbox, traces

    async def accept(
        self,
        messages: Sequence[Message],
        opened: Sequence[OpenAction | OpenCycle] = (),
        closed: Sequence[UUID] = (),
    ) -> Sequence[Message]:
        traced = [self._traces.with_trace(one) for one in messages]
        kept = await self._outbox.accept(traced, opened, closed)
        self._traces.stored(traced)
        return kept


class _Sending:
    """A sink of which is told how long it took."""

    def __init__(self, name: str, sink: Sink, clock: Clock, told: Callable[[str, Message, float, str], None]) -> None:
        self._name, self._sink, self._clock, self._told = name, sink, clock, told

    async def put(self, message: Message) -> None:
        began_at = self._clock.now()
        try:
            await self._sink.put(message)
        except MessageRejected as error:
            self._told(self._name, message, began_at, error.reason)
            raise
        self._told(self._name, message, began_at, "")


class _Newest(Generic[K, V]):
    """Remembers the newest so many."""

    def __init__(self, most: int) -> None:
        self._most, self._kept = most, OrderedDict[K, V]()

    def __setitem__(self, key: K, value: V) -> None:
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        return self._kept.get(key)

    def pop(self, key: K) -> V | None:
        return self._kept.pop(key, None)
