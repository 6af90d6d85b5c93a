"""The retained topics of one service: their latest values, and those that are to be taken away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial

from streamer.errors import SinkUnavailable
from streamer.sinks.mqtt.remembered import Remembered
from streamer.sinks.mqtt.session import Session

GONE = ""
"""An empty retained payload makes a broker forget the topic."""


class Standing:
    """Published at every connect and when one changes. Whether a value arrived is not waited for: what got lost with
    the connection is published after the next one. What is to be gone is remembered until the broker has said so."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered
        self._values: dict[str, str] = {}
        self._shown: frozenset[str] = frozenset()
        self._gone: set[str] = set()

    def only(self, topics: Iterable[str]) -> None:
        """Only these are shown from now on; what the process before showed besides is to be gone."""
        self._shown = frozenset(topics)
        self._gone = self._remembered.topics() - self._shown
        self._remembered.keep(self._shown | self._gone)

    def set(self, topic: str, value: str, session: Session | None) -> None:
        self._values[topic] = value
        if session is not None:
            session.publish(topic, value, retain=True)

    def all(self, session: Session) -> None:
        """After a connect."""
        for topic in sorted(self._gone):
            session.publish(topic, GONE, retain=True).add_done_callback(partial(self._went, topic))
        for topic, value in self._values.items():
            session.publish(topic, value, retain=True)

    def _went(self, topic: str, told: asyncio.Future[None]) -> None:
        if told.cancelled() or isinstance(told.exception(), SinkUnavailable):
            return
        # A broker that refuses it for good is not asked again.
        self._gone.discard(topic)
        if not self._gone:
            self._remembered.keep(self._shown)
