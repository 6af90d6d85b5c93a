"""The seam between the outbox and whatever takes its messages."""

from __future__ import annotations

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
