"""paho's client, asking once more when a message leaves: what it was given may have waited in a frozen process."""

from __future__ import annotations

from collections.abc import Callable

from paho.mqtt.client import Client

from streamer.sinks.base import FENCED

PUBLISH = 0x30
"""The type of a packet, in the upper half of its first byte (MQTT 5, 2.1.2)."""


class GuardedClient(Client):
    """Called by the loop and by paho's thread."""

    may_publish: Callable[[], bool]

    def _sock_send(self, buf: bytes | bytearray) -> int:
        if buf[:1] and buf[0] & 0xF0 == PUBLISH and not self.may_publish():
            raise ConnectionAbortedError(FENCED)
        return super()._sock_send(buf)
