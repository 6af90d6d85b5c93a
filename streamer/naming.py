"""Hears which unit is worked on, and tells the stream's stages."""

from __future__ import annotations

import logging
from functools import partial
from typing import Protocol

from streamer.clock import Clock
from streamer.lane import Lane
from streamer.sinks.base import Inbound, StatusSink, Unlisten
from streamer.units import Named, UnitTopic, named

_log = logging.getLogger(__name__)

LOG_EVERY_S = 60.0
MOST_TOPICS = 1000
"""Of which the newest payload is known; a filter may match any number."""


class Observer(Protocol):
    def unit_named(self, stream: str, watch: str, result: str) -> None:
        """`taken`, `bad`, or `late`: nobody knows of which unit it was."""
        ...


class UnitNames:
    """Listens for every watch that says where. What cannot be a name is counted, and logged once a minute."""

    def __init__(self, sink: StatusSink, clock: Clock, observer: Observer) -> None:
        self._clock, self._observer = clock, observer
        self._log_next_s: dict[tuple[str, str], float] = {}
        self._kept: dict[tuple[str, str, str], bytes] = {}
        """The newest payload of each watch by topic: brokers send what they retain again at every connect, and what we
        did not acknowledge in time."""
        self._sink = sink
        self._listening: dict[str, list[Unlisten]] = {}
        """By stream, what ends it."""

    def join(self, lane: Lane) -> None:
        """A stream is watched from now on."""
        self._listening[lane.stages.stream] = [
            self._sink.listen(watch.unit.topic, partial(self._heard, lane, watch.id, watch.unit))
            for watch in lane.stages.watches.values()
            if watch.unit is not None
        ]

    def leave(self, stream: str) -> None:
        """It is no longer."""
        for unlisten in self._listening.pop(stream, ()):
            unlisten()
        self._kept = {of: payload for of, payload in self._kept.items() if of[0] != stream}
        self._log_next_s = {of: next_s for of, next_s in self._log_next_s.items() if of[0] != stream}

    def _heard(self, lane: Lane, watch: str, how: UnitTopic, message: Inbound) -> None:
        of = (lane.stages.stream, watch)
        if (message.retained or message.again) and self._kept.get((*of, message.topic)) == message.payload:
            return
        self._kept.pop((*of, message.topic), None)
        self._kept[*of, message.topic] = message.payload
        while len(self._kept) > MOST_TOPICS:
            del self._kept[next(iter(self._kept))]
        # Of this unit, the next or one that is over: no name is better than a wrong one.
        if message.late_s > how.grace_s:
            self._observer.unit_named(*of, "late")
            return
        try:
            said: Named = named(message.payload, how)
        except ValueError as error:
            self._observer.unit_named(*of, "bad")
            if self._clock.monotonic() >= self._log_next_s.get(of, 0.0):
                self._log_next_s[of] = self._clock.monotonic() + LOG_EVERY_S
                _log.warning("stream %s, watch %s: a message on %s %s", *of, message.topic, error)
            return
        self._observer.unit_named(*of, "taken")
        lane.stages.named(watch, said, self._clock.now())
