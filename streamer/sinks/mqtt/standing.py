"""The retained topics of one service: their latest values, and those that are to be taken away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from functools import partial

from streamer.errors import MessageRejected
from streamer.sinks.mqtt.remembered import Remembered
from streamer.sinks.mqtt.session import Session

_log = logging.getLogger(__name__)

GONE = ""
"""An empty retained payload makes a broker forget the topic."""


class Standing:
    """Published at every connect and when one changes. Whether a value arrived is not waited for: what got lost with
    the connection is published after the next one. What is to be gone is remembered until the broker has said so."""

    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered
        self._values: dict[str, str] = {}
        self._kept: dict[str, Callable[[], None]] = {}
        """Whom to tell that the broker has taken a topic's latest value."""
        self._shown: frozenset[str] = frozenset()
        self._gone: set[str] = set()
        self._refused: set[str] = set()
        """Topics of which it was said that the broker refuses them."""

    def only(self, topics: Iterable[str], session: Session | None, given: Collection[str] = ()) -> None:
        """Only these are shown from now on; what was shown besides, by the process before too, is to be gone, save what
        was `given` to somebody else."""
        self.give(given)
        before = self._remembered.topics().union(self._shown, self._gone).difference(given)
        self._shown = frozenset(topics)
        self._gone = before - self._shown
        self._remembered.keep(self._shown | self._gone)
        for topic in sorted(self._gone):
            self.set(topic, GONE, session, partial(self._went, topic))

    def set(self, topic: str, value: str, session: Session | None, kept: Callable[[], None] | None = None) -> None:
        """The latest value; `kept` is called each time that the broker has taken it."""
        self._values[topic] = value
        self._kept.pop(topic, None)
        if kept is not None:
            self._kept[topic] = kept
        if session is not None:
            self._publish(topic, value, session)

    def give(self, topics: Iterable[str]) -> None:
        """Somebody else tells what they hold from now on: nothing is said of them any more, after a connect neither."""
        for topic in topics:
            self._values.pop(topic, None)
            self._kept.pop(topic, None)

    def all(self, session: Session) -> None:
        """After a connect."""
        for topic, value in self._values.items():
            self._publish(topic, value, session)

    def _publish(self, topic: str, value: str, session: Session) -> None:
        session.publish(topic, value, retain=True).add_done_callback(partial(self._was_taken, topic, value))

    def _was_taken(self, topic: str, value: str, taken: asyncio.Future[None]) -> None:
        if taken.cancelled():
            return
        if isinstance(refused := taken.exception(), MessageRejected) and topic not in self._refused:
            self._refused.add(topic)
            _log.warning("the broker does not keep %s: %s; see its access list and limits", topic, refused.reason)
        if refused is not None or self._values.get(topic) != value:
            return
        if value == GONE:
            del self._values[topic]  # there is nothing left to tell after the next connect
        if topic in self._kept:
            self._kept[topic]()

    def _went(self, topic: str) -> None:
        self._gone.discard(topic)
        if not self._gone:
            self._remembered.keep(self._shown)
