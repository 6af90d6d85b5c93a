"""Messages as lines of JSON in a file or on a stream."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import IO

from streamer.errors import SinkUnavailable
from streamer.sinks.base import Heard, Inbound
from streamer.wire import Message, envelope


class JsonLinesSink:
    """Writes one object a line: `topic` and `payload`. As durable as the stream: flushed, not synced.

    A message put twice is written twice; `payload.event_id` tells.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    async def put(self, message: Message) -> None:
        """Raises SinkUnavailable where the stream does not take the line, BrokenPipeError where nobody reads it."""
        payload = json.loads(envelope(message))
        line = json.dumps({"topic": message.topic, "payload": payload}, separators=(",", ":"))
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except BrokenPipeError:
            raise
        except (OSError, ValueError) as error:
            raise SinkUnavailable(f"cannot write the line: {error}") from error

    def state(self, topic: str, payload: Mapping[str, object]) -> None:
        """Nothing: a line would not be the latest value for long."""

    def listen(self, topics: str, heard: Heard, *, below_prefix: bool = False) -> None:
        """Nothing: nobody answers to a file."""

    def shows(self, topics: Iterable[str]) -> None:
        """Nothing, as `state`."""

    def answer(self, request: Inbound, payload: Mapping[str, object]) -> None:
        """Nothing: nobody asks."""
