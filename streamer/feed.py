"""What happens, as it happens, for everybody who looks on: made into text once, bounded for each of them."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from recognizers.prediction import Prediction
from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.history import Entry

KINDS = ("action", "step", "cycle", "gap", "state", "andon", "status", "last", "scores", "streams")
MOST_EVENTS = 256
"""That wait for a viewer; one who lets more wait is behind."""
MOST_VIEWERS = 128
SCORES_S = 0.25
"""Scores of a watch are shown no more often."""
BEST = 5
"""Labels of which scores are shown."""
HERE_S = 15.0
"""Something is said as often at least, so that whoever is gone is noticed."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is told, ready to be sent (WHATWG HTML 9.2, server-sent events)."""

    kind: str
    """A word of KINDS; empty: nothing but a sign of life."""
    stream: str
    text: bytes = field(repr=False)
    key: str = ""
    """Of this key only the newest is worth telling; empty: each is."""
    entry: Entry | None = None
    """The event that it tells of."""


Wants = Callable[[Item], bool]


class Viewer:
    """What waits for one who looks on. Bounded: the newest of each state, and so many events."""

    def __init__(self, wants: Wants) -> None:
        self._wants = wants
        self._events: deque[Item] = deque()
        self._newest: dict[str, Item] = {}
        self._arrived = asyncio.Event()
        self.behind = False
        """Events were left out: the rest is in the history, after the last that was taken."""
        self.over = False
        """Nothing more is told."""
        self.number = 0
        """Of the newest event that was taken."""

    def offer(self, item: Item) -> None:
        if not self._wants(item):
            return
        if item.key:
            self._newest[item.key] = item
        elif self.behind or len(self._events) >= MOST_EVENTS:
            self.behind = True
        else:
            self._events.append(item)
        self._arrived.set()

    def end(self) -> None:
        self.over = True
        self._arrived.set()

    async def take(self) -> bytes:
        """All that waits, as soon as something does."""
        await self._arrived.wait()
        return self.rest()

    def rest(self) -> bytes:
        """All that waits: events first, in order."""
        self._arrived.clear()
        events, self._events = self._events, deque()
        newest, self._newest = self._newest, {}
        parts = []
        for item in events:
            number = 0 if item.entry is None else item.entry.number
            if number == 0 or number > self.number:  # else the history told it already
                parts.append(item.text)
                self.number = max(self.number, number)
        return b"".join([*parts, *(item.text for item in newest.values())])


class Feed:
    """Knows everybody who looks on, and what they would see of every stream and watch. Lives on the event loop.

    Whoever tells it something never waits. While nobody looks on, nothing is made into text.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._viewers: set[Viewer] = set()
        self._documents: dict[str, Mapping[str, object]] = {}
        self._items: dict[str, Item] = {}
        """Of documents, those that were made into text."""
        self._scored_s: dict[tuple[str, str], float] = {}

    @property
    def viewers(self) -> int:
        return len(self._viewers)

    def happened(self, entries: Iterable[Entry]) -> None:
        """Events were published."""
        if self._viewers:
            for entry in entries:
                self._tell(item_of(entry))

    def shown(self, topic: str, body: Mapping[str, object]) -> None:
        """The document of a topic is another one: `<stream>/status`, `<stream>/<watch>/state` and so on."""
        self._documents[topic] = body
        self._items.pop(topic, None)
        if self._viewers:
            self._tell(self._item(topic))

    def document(self, topic: str) -> Mapping[str, object] | None:
        """The newest of a topic; None: none was shown yet."""
        return self._documents.get(topic)

    def scored(self, prediction: Prediction, labels: Sequence[str]) -> None:
        """A network answered. Most answers are not told of."""
        now_s, key = self._clock.monotonic(), (prediction.stream, prediction.watch)
        if not self._viewers or now_s - self._scored_s.get(key, float("-inf")) < SCORES_S or not prediction.is_finite:
            return
        self._scored_s[key] = now_s
        best = prediction.scores.argsort()[::-1][:BEST]
        told = {labels[n]: round(float(prediction.scores[n]), 4) for n in best}
        at = round(prediction.captured_at, 3)
        data = {"stream": prediction.stream, "watch": prediction.watch, "at": at, "scores": told}
        self._tell(Item("scores", prediction.stream, text_of("scores", data), f"scores/{'/'.join(key)}"))

    def listed(self) -> None:
        """There are other streams than before."""
        self._tell(Item("streams", "", text_of("streams", {}), "streams"))

    def forget(self, stream: str) -> None:
        """It is no more."""
        for topic in [topic for topic in self._documents if topic.startswith(f"{stream}/")]:
            del self._documents[topic]
            self._items.pop(topic, None)
        for key in [key for key in self._scored_s if key[0] == stream]:
            del self._scored_s[key]

    def snapshot(self, wants: Wants) -> bytes:
        """Every document as it is now."""
        return b"".join(item.text for item in map(self._item, self._documents) if wants(item))

    @contextmanager
    def viewing(self, wants: Wants) -> Iterator[Viewer]:
        """Somebody looks on while the block runs.

        Raises:
            NotNow: too many do.
        """
        if len(self._viewers) >= MOST_VIEWERS:
            raise NotNow(f"{MOST_VIEWERS} look on already; ask again later", 10)
        viewer = Viewer(wants)
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    async def run(self) -> None:
        """Give a sign of life now and then, for as long as the task lives; then nobody is told any more."""
        try:
            while True:
                await self._clock.sleep(HERE_S)
                self._tell(Item("", "", b": here\n\n", "here"))
        finally:
            for viewer in self._viewers:
                viewer.end()

    def _tell(self, item: Item) -> None:
        for viewer in self._viewers:
            viewer.offer(item)

    def _item(self, topic: str) -> Item:
        item = self._items.get(topic)
        if item is None:
            item = self._items[topic] = _shown(topic, self._documents[topic])
        return item


def item_of(entry: Entry) -> Item:
    text = f"event: {entry.type}\nid: {entry.number}\ndata: {entry.body}\n\n".encode()
    return Item(entry.type, entry.stream, text, entry=entry)


def text_of(kind: str, data: Mapping[str, object]) -> bytes:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def _shown(topic: str, body: Mapping[str, object]) -> Item:
    stream, *rest = topic.split("/")
    data: dict[str, object] = {"stream": stream, "body": body}
    if len(rest) > 1:
        data["watch"] = rest[0]
    kind = rest[min(1, len(rest) - 1)]
    if kind == "last":
        data["window"] = rest[2]
    return Item(kind, stream, text_of(kind, data), topic)
