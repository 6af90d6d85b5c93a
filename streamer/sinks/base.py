"""The seams between the service and whatever takes its messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from streamer.wire import Message


class Sink(Protocol):
    """Takes messages. The same key twice is harmless."""

    async def put(self, message: Message) -> None:
        """Return when the message is safe on the other side.

        Raises:
            SinkUnavailable: not now; keep the message.
            MessageRejected: never; set the message aside.
        """
        ...


class StatusSink(Sink, Protocol):
    """A sink that also shows the latest value of things, for whoever comes late. Such values are not kept on disk."""

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        """Show the latest value of a topic, now and after every connect; never waits and never fails."""
        ...
