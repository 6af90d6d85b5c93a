"""What a broker sends us, on its way from paho's thread to those who wait for it on the loop."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable

from paho.mqtt.client import topic_matches_sub

from streamer.sinks.base import Heard, Inbound, Unlisten

_log = logging.getLogger(__name__)

LARGEST = 64 << 10
"""Bytes of a payload; what is larger is not looked at. No command, barcode or birth message comes near."""
WAITING = 1_000
"""Messages that may wait for the loop; what comes on top of them is lost, and counted."""


class Inbox:
    """Bounded in number and size; the loop is woken once for all that came together."""

    def __init__(self, take: Callable[[Inbound], None], refused: Callable[[str], None], waiting: int = WAITING) -> None:
        """Both are called on the loop: `take` with each message, `refused` with why one is not looked at:
        `too_large` or `overrun` (`waiting` others were before it)."""
        self._take = take
        self._refused = refused
        self._most = waiting
        self._waiting: deque[Inbound | None] = deque()
        """None: it was too large."""
        self._told = False
        self._overrun = 0
        """So many ever; counted by the thread, told by the loop."""
        self._overrun_told = 0

    def put(self, message: Inbound) -> bool:
        """Called by paho's thread; whether the loop is to call `empty`."""
        if len(self._waiting) >= self._most:
            self._overrun += 1
        else:
            self._waiting.append(None if len(message.payload) > LARGEST else message)
        if self._told:
            return False
        self._told = True
        return True

    def empty(self) -> None:
        """On the loop: hand over what waits."""
        self._told = False
        overrun = self._overrun
        for _ in range(overrun - self._overrun_told):
            self._refused("overrun")
        self._overrun_told = overrun
        for _ in range(len(self._waiting)):
            one = self._waiting.popleft()
            if one is None:
                self._refused("too_large")
            else:
                self._take(one)


class Listeners:
    """Who wants to hear of which topics. One that fails harms neither the others nor the connection."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        """`heard` counts what came by its outcome: `taken`, `failed`, `unwanted`, or as an Inbox refuses."""
        self._count = heard
        self._listeners: list[tuple[str, Heard]] = []

    def add(self, topics: str, heard: Heard) -> Unlisten:
        one = (topics, heard)
        self._listeners.append(one)
        return lambda: self._remove(one)

    def _remove(self, one: tuple[str, Heard]) -> None:
        # By identity: two may listen to the same in the same way.
        self._listeners = [other for other in self._listeners if other is not one]

    @property
    def topics(self) -> list[str]:
        """The filters, each once."""
        return list(dict.fromkeys(topics for topics, _ in self._listeners))

    def refused(self, outcome: str) -> None:
        _log.warning("a message from the broker is not looked at: %s", outcome)
        self._count(outcome)

    def take(self, message: Inbound) -> None:
        """Give it to everybody whose filter it matches."""
        wanted = [heard for topics, heard in self._listeners if topic_matches_sub(topics, message.topic)]
        if not wanted:
            self._count("unwanted")
        for heard in wanted:
            try:
                heard(message)
            except Exception:
                _log.exception("a message on %s could not be taken because of a bug", message.topic)
                self._count("failed")
            else:
                self._count("taken")


def check_filter(topics: str) -> None:
    """Raises ValueError where MQTT does not know such a filter (MQTT 5, 4.7)."""
    levels = topics.split("/")
    wild = [level for level in levels if set(level) & set("+#")]
    if not topics or "\0" in topics or not set(wild) <= {"+", "#"} or "#" in levels[:-1]:
        raise ValueError(f"{topics!r} is no topic filter: + stands for one level, # for all that follow")
