"""A client that remembers whole messages, with their properties, and may speak itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

T = TypeVar("T")


class Listener:
    """Connected and subscribed between entering and leaving. paho's own thread appends; the test's thread reads."""

    def __init__(
        self, port: int, *topics: str, version: MQTTProtocolVersion = MQTTProtocolVersion.MQTTv5, name: str = "listener"
    ) -> None:
        self.messages: list[MQTTMessage] = []
        self._port, self._topics = port, topics
        self._subscribed, self._more = threading.Event(), threading.Condition()
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=version)
        self._client.on_connect = lambda *_: self._client.subscribe([(topic, 1) for topic in topics])
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take

    def _take(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        with self._more:
            self.messages.append(message)
            self._more.notify_all()

    def say(self, topic: str, payload: bytes | str, *, retain: bool = False, qos: int = 1) -> None:
        self._client.publish(topic, payload, qos, retain).wait_for_publish(10)

    def wait(self, found: Callable[[list[MQTTMessage]], T], timeout_s: float = 10.0) -> T:
        """Ask at every message until the answer is true; returns it. Blocks: call it beside the loop."""
        deadline = time.monotonic() + timeout_s
        with self._more:
            while not (answer := found(self.messages)):
                left = deadline - time.monotonic()
                assert left > 0, [(message.topic, message.payload) for message in self.messages]
                self._more.wait(left)
            return answer

    def on(self, topic: str) -> list[MQTTMessage]:
        return [message for message in list(self.messages) if message.topic == topic]

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.disconnect()
        self._client.loop_stop()
