"""Messages as lines of JSON, in a file or on a stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import IO

from streamer.errors import SinkUnavailable
from streamer.sinks.base import Heard, Inbound, Unlisten
from streamer.wire import Message, envelope


def line(message: Message) -> str:
    """One object: `topic` and `payload`, and `replayed` where it was sent again on purpose."""
    told = {"topic": message.topic, "payload": json.loads(envelope(message))}
    if "replayed" in message.properties:
        told["replayed"] = True
    return json.dumps(told, separators=(",", ":")) + "\n"


class JsonLinesSink:
    """Writes a line a message to a stream, as durable as that: flushed, not synced.

    A message put twice is written twice; `payload.event_id` tells.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    async def put(self, message: Message) -> None:
        """Raises SinkUnavailable where the stream does not take the line, BrokenPipeError where nobody reads it."""
        try:
            self._stream.write(line(message))
            self._stream.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            raise SinkUnavailable(f"cannot write the line: {error}") from error

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        """Nothing: a line would not be the latest value for long."""

    def on_loss(self, lost: Callable[[float], None], known: float) -> None:
        """Nothing: a stream does not forget."""

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> Unlisten:
        """Nothing: nobody answers to a file."""
        return lambda: None

    def shows(self, topics: Iterable[str]) -> None:
        """Nothing, as `state`."""

    def answer(self, request: Inbound, payload: Mapping[str, object]) -> None:
        """Nothing: nobody asks."""
