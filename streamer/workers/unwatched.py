"""Streams that no worker watches: said in words to those who look on, and to the broker by a worker that lives."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping

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


class Unwatched:
    """Says it once, when it becomes so."""

    def __init__(
        self, onlookers: Onlookers, settings: Callable[[], Settings], speaker: Callable[[], Asked], clock: Clock
    ) -> None:
        """`speaker`: raises NotNow where there is none."""
        self._onlookers, self._settings, self._speaker, self._clock = onlookers, settings, speaker, clock
        self._waiting: frozenset[str] = frozenset()
        self._aside: frozenset[str] = frozenset()

    def are(self, waiting: Collection[str], aside: Mapping[str, float | None]) -> None:
        """`waiting`: there is no room; `aside`: they ended their workers, see `Quarantine`."""
        for stream in sorted({*waiting} - self._waiting):
            _log.error("stream %s is not watched: no worker has room for it", stream)
            self._say(stream, "overload", NO_ROOM)
        for stream in sorted({*aside} - self._aside):
            _log.error("stream %s is set aside: %s", stream, BLAMED)
            again_s = aside[stream]
            when = "soon" if again_s is None else f"in {max(0.0, again_s - self._clock.monotonic()):.0f} s"
            self._say(stream, "quarantine", f"{BLAMED}; it is tried again {when}")
        self._waiting, self._aside = frozenset(waiting), frozenset(aside)

    def _say(self, stream: str, reason: str, words: str) -> None:
        self._onlookers.changed(stream, Change("backoff", 0, reason, words))
        settings, now = self._settings(), timestamp(self._clock.now())
        place = next((one.place for one in settings.streams if one.id == stream), None)
        if settings.mqtt is None or place is None:
            return
        body = {"schema": STATUS_SCHEMA, "stream": stream, "status": "offline", "reason": reason, "since": now}
        prefix = filled(settings.mqtt.prefix, settings.mqtt.place.known | place.known)
        try:
            speaker = self._speaker()
        except NotNow:
            return  # whoever begins says how its streams do
        speaker.tell("once", topic=f"{prefix}/{stream}/status", body={**body, "sight": "unknown", "models": {}})
