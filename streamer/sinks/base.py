"""The seams between the service and whatever takes its messages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from streamer.wire import Message

FENCED = "others may have these streams by now"
"""Why a worker that may have been replaced hands nothing over."""


class Sink(Protocol):
    """Takes messages. The same key twice is harmless."""

    async def put(self, message: Message) -> None:
        """Return when the message is safe on the other side.

        Raises:
            SinkUnavailable: not now; keep the message.
            MessageRejected: never; set the message aside.
        """
        ...


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that somebody else sent."""

    topic: str
    payload: bytes
    """As it came, at most 64 KiB; nobody has looked at it."""
    retained: bool = False
    """It was there before we listened: the latest value, not news. Of those, every connect brings one more copy."""
    again: bool = False
    """The broker says that it may have sent it before: our acknowledgement got lost."""
    late_s: float = field(default=0.0, compare=False)
    """It may have waited for so long while we were away; nobody says when it was sent."""
    reply_to: str | None = None
    """Where the sender wants an answer (MQTT 5)."""
    correlation: bytes | None = None
    """What the answer is to carry, so that the sender knows which question it is of (MQTT 5)."""


Heard = Callable[[Inbound], None]
"""Called on the loop; does not wait. The same message may come twice."""
Unlisten = Callable[[], None]
"""Ends that somebody listens; nothing more is heard."""


class StatusSink(Sink, Protocol):
    """A sink that also shows the latest value of things, for whoever comes late, and hears what others say.

    Values that are shown are not kept on disk.
    """

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        """Show the latest value of a topic, now and after every connect; never waits and never fails."""
        ...

    def on_loss(self, lost: Callable[[float], None], known: float) -> None:
        """Call `lost` with Unix seconds, whenever what was put since then may have been lost on the other side.

        `known`: when something was put last by an earlier process (0: never). Asked for at most once, before entering.
        """
        ...

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> Unlisten:
        """Call `heard` with every message whose topic a filter (`+`, `#`) matches, now and after every connect.

        The filter stands as it is, for what others say where they like; `below_prefix` puts the sink's prefix before
        it, as before the topics of `put` and `state` (`Inbound.topic` holds the prefix). Never waits; that the broker
        refuses, or that `heard` raises, is logged and counted and harms nothing else. Returns what ends it.

        Raises:
            ValueError: not a topic filter.
        """
        ...

    def shows(self, topics: Iterable[str]) -> None:
        """All topics that `state` is going to be called with, until this is called again. What was shown besides, by an
        earlier process too, is taken away."""
        ...

    def answer(self, request: Inbound, payload: Mapping[str, object]) -> None:
        """Answer to whoever wants one, where they want it. Never waits; an answer may be lost."""
        ...
