"""A sink that does as it is told, and an observer that remembers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from uuid import UUID

from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.base import Heard, Inbound, Unlisten
from streamer.wire import Message


class FakeSink:
    """Keeps what is put, unless `available` is False or `refuses` says otherwise."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.states: dict[str, Mapping[str, object]] = {}
        self.shown: frozenset[str] = frozenset()
        self.answers: list[tuple[Inbound, Mapping[str, object]]] = []
        self.listeners: dict[str, list[Heard]] = {}
        """By filter, without the prefix: the fake has none."""
        self.lose: Callable[[float], None] | None = None
        """What it was asked to call when something may be lost."""
        self.available = True
        self.refuses: Callable[[Message], bool] = lambda _: False
        self.attempts = 0
        self.in_flight = 0
        self.most_in_flight = 0

    async def put(self, message: Message) -> None:
        self.attempts += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            if not self.available:
                raise SinkUnavailable("told so")
            if self.refuses(message):
                raise MessageRejected("told_so")
            self.messages.append(message)
        finally:
            self.in_flight -= 1

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        self.states[topic] = payload

    def on_loss(self, lost: Callable[[float], None], known: float) -> None:
        self.lose, self.known = lost, known

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> Unlisten:
        self.listeners.setdefault(topics, []).append(heard)

        def unlisten() -> None:
            left = [other for other in self.listeners.pop(topics) if other is not heard]
            self.listeners |= {topics: left} if left else {}

        return unlisten

    def hear(self, message: Inbound) -> None:
        """As if somebody had published it. Of wildcards the fake knows `+`."""
        levels = message.topic.split("/")
        for topics, listeners in self.listeners.items():
            wanted = topics.split("/")
            if len(wanted) == len(levels) and all(w in ("+", level) for w, level in zip(wanted, levels, strict=True)):
                for heard in listeners:
                    heard(message)

    def shows(self, topics: Iterable[str]) -> None:
        self.shown = frozenset(topics)
        self.states = {topic: state for topic, state in self.states.items() if topic in self.shown}

    def answer(self, request: Inbound, payload: Mapping[str, object]) -> None:
        self.answers.append((request, payload))

    @property
    def keys(self) -> set[UUID]:
        return {message.key for message in self.messages}


class FakeObserver:
    """Everything the outbox, the delivery and the MQTT sink report."""

    def __init__(self) -> None:
        self.accepted = 0
        self.depth = 0
        self.waiting: dict[str, int] = {}
        self.beside: Counter[str] = Counter()
        self.again = 0
        self.dropped: Counter[str] = Counter()
        self.latencies_s: list[float] = []
        self.took_s: list[float] = []
        self.dead: list[str] = []
        self.reconnects: list[str] = []
        self.born: list[bool] = []
        self.heard: Counter[str] = Counter()
        self.subscriptions_refused = 0
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()

    def outbox_accepted(self, count: int) -> None:
        self.accepted += count

    def outbox_state(self, depth: int, oldest_age_s: float, used_bytes: int) -> None:
        self.depth = depth

    def outbox_waiting(self, recipient: str, depth: int) -> None:
        self.waiting[recipient] = depth

    def outbox_dropped(self, cls: str, count: int) -> None:
        self.dropped[cls] += count

    def fsync_seconds(self, seconds: float) -> None:
        pass

    def delivered(self, message: Message, latency_s: float) -> None:
        self.latencies_s.append(latency_s)

    def sink_delivered(self, sink: str) -> None:
        self.beside[sink] += 1

    def replayed(self, count: int) -> None:
        self.again += count

    def published(self, took_s: float) -> None:
        self.took_s.append(took_s)

    def dead_lettered(self, reason: str) -> None:
        self.dead.append(reason)

    def mqtt_connected(self, connected: bool) -> None:
        if connected:
            self.connected.set()
            self.lost.clear()
        else:
            self.connected.clear()
            self.lost.set()

    def mqtt_reconnect(self, reason: str) -> None:
        self.reconnects.append(reason)

    def mqtt_subscription_refused(self) -> None:
        self.subscriptions_refused += 1

    def mqtt_heard(self, outcome: str) -> None:
        self.heard[outcome] += 1

    def sparkplug_born(self, born: bool) -> None:
        self.born.append(born)

    def sparkplug_reconnect(self, reason: str) -> None:
        self.reconnects.append(reason)
