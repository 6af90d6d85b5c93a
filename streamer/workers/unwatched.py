"""Streams that no worker watches: said in words to those who look on, and to the broker by a worker that lives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from streamer.audience import Onlookers
from streamer.clock import Clock
from streamer.errors import NotNow
from streamer.settings import Settings
from streamer.settings.places import filled
from streamer.showing import STATUS_SCHEMA
from streamer.sources.reconnect import Change
from streamer.wire import timestamp
from streamer.workers.spreading import BLAMED, Asked

_log = logging.getLogger(__name__)

NO_ROOM = "no worker has room for it: give the machine fewer streams, or more workers"
AGAIN_S = 10.0
"""Seconds after which the broker is told again: whoever was to tell it may not have been connected."""


class Unwatched:
    """Says it in words when it becomes so, and to the broker as long as it is so."""

    def __init__(
        self, onlookers: Onlookers, settings: Callable[[], Settings], speaker: Callable[[], Asked], clock: Clock
    ) -> None:
        """`speaker`: raises NotNow where there is none."""
        self._onlookers, self._settings, self._speaker, self._clock = onlookers, settings, speaker, clock
        self._since: dict[tuple[str, str], float] = {}
        """By stream and reason, in Unix seconds."""
        self._told_s = float("-inf")

    def are(self, waiting: Collection[str], aside: Mapping[str, float | None]) -> None:
        """`waiting`: there is no room; `aside`: they ended their workers, see `Quarantine`."""
        now = [*((stream, "overload") for stream in waiting), *((stream, "quarantine") for stream in aside)]
        new = [one for one in now if one not in self._since]
        self._since = {one: self._since.get(one, self._clock.now()) for one in now}
        for stream, reason in sorted(new):
            words = NO_ROOM if reason == "overload" else self._blamed(stream, aside[stream])
            self._onlookers.changed(stream, Change("backoff", 0, reason, words))
            if reason == "overload":
                _log.error("stream %s is not watched: no worker has room for it", stream)
        if new or self._clock.monotonic() - self._told_s >= AGAIN_S:
            self._told_s = self._clock.monotonic()
            self._retain()

    def _blamed(self, stream: str, again_s: float | None) -> str:
        _log.error("stream %s is set aside: %s", stream, BLAMED)
        when = "soon" if again_s is None else f"in {max(0.0, again_s - self._clock.monotonic()):.0f} s"
        return f"{BLAMED}; it is tried again {when}"

    def _retain(self) -> None:
        """Have it retained at the broker, where whoever had the stream last may have said that all is well."""
        settings = self._settings()
        if settings.mqtt is None:
            return
        places = {one.id: one.place for one in settings.streams}
        for (stream, reason), since_at in self._since.items():
            if stream not in places:
                continue
            body: dict[str, object] = {"schema": STATUS_SCHEMA, "stream": stream, "status": "offline", "reason": reason}
            body |= {"since": timestamp(since_at), "sight": "unknown", "models": {}}
            prefix = filled(settings.mqtt.prefix, settings.mqtt.place.known | places[stream].known)
            with suppress(NotNow):  # whoever begins will
                self._speaker().tell("once", topic=f"{prefix}/{stream}/status", body=body)
