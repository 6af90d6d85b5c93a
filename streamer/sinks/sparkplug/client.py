"""The connection of an edge node: births, values by exception, deaths, and what hosts ask for."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from streamer.clock import Clock
from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.base import Inbound
from streamer.sinks.mqtt.inbox import Inbox
from streamer.sinks.mqtt.options import V311, ConnectError, MqttOptions, Will
from streamer.sinks.mqtt.retrying import keep_connected, remedy
from streamer.sinks.mqtt.session import Session
from streamer.sinks.sparkplug.metrics import definitions
from streamer.sinks.sparkplug.node import NAMESPACE, EdgeNode, Packet, wants_rebirth
from streamer.sinks.sparkplug.numbers import Connections
from streamer.sinks.station import Station

_log = logging.getLogger(__name__)

FILE = "sparkplug.json"
FAREWELL_S = 2.0


@dataclass(frozen=True, slots=True)
class NodeOptions:
    """Who the edge node is."""

    group: str
    name: str
    primary_host: str | None = None
    """Births wait for this host application; while it is away there is no session. None: for nobody."""
    version: str = ""
    """Ours, for whoever reads births."""


class NodeObserver(Protocol):
    """Called on the loop."""

    def sparkplug_born(self, born: bool) -> None:
        """Births were sent, or they hold no more."""
        ...

    def sparkplug_reconnect(self, reason: str) -> None: ...


class SparkplugNode:
    """Connected, again and again, between entering and leaving; neither waits for the broker to be there.

    MQTT 3.1.1, which every Sparkplug host speaks; sessions begin clean. The will is the death certificate.
    """

    def __init__(
        self, broker: MqttOptions, options: NodeOptions, folder: Path, clock: Clock, observer: NodeObserver
    ) -> None:
        """`broker` with a client id of its own; `folder`: the service's data folder."""
        self._broker, self._options, self._clock, self._observer = broker, options, clock, observer
        self._numbers = Connections(folder / FILE)
        self._node = EdgeNode(options.group, options.name, options.version)
        self._session: Session | None = None
        self._number = 0
        self._born = False
        self._host_at_ms = -1
        self._host_topic = f"{NAMESPACE}/STATE/{options.primary_host}"
        self._inbox = Inbox(self._heard, lambda why: _log.warning("a Sparkplug command is not looked at: %s", why))
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        self._observer.sparkplug_born(False)
        self._running = self._tasks.create_task(self.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def run(self) -> None:
        """Keep the connection until cancelled; then publish the death certificate and say goodbye."""
        try:
            await keep_connected(self._connection, self._observer.sparkplug_reconnect, self._clock)
        finally:
            await self._die()

    def consist_of(self, stations: Iterable[Station]) -> None:
        """These are all watches: each stream is a device."""
        by_stream: dict[str, list[Station]] = {}
        for station in stations:
            by_stream.setdefault(station.stream, []).append(station)
        devices = {stream: definitions(stream, watches) for stream, watches in by_stream.items()}
        self._send(self._node.consist_of(devices, self._now_ms()))

    def state(self, topic: str, document: Mapping[str, object]) -> None:
        """A retained document has changed; `topic` is below the sink's prefix."""
        self._send(self._node.shown(topic, document, self._now_ms()))

    async def _connection(self) -> tuple[str, float]:
        """One connection from start to end; why it ended and how long it lasted, in seconds."""
        self._number = self._numbers.next()
        death = self._node.death(self._number, self._now_ms())
        session = Session(self._broker, V311, Will(death.topic, death.payload, retain=False), self._inbox)
        try:
            await session.connect()
        except ConnectError as error:
            words = "no Sparkplug connection to %s:%d: %s%s"
            _log.warning(words, self._broker.host, self._broker.port, error, remedy(error.reason))
            return error.reason, 0.0
        since = self._clock.monotonic()
        self._session = session
        session.subscribe(self._node.commands)
        if self._options.primary_host is None:
            self._give_birth()
        else:
            session.subscribe(self._host_topic)
        try:
            reason = await asyncio.shield(session.ended)
        finally:
            if session.ended.done():
                lost, self._session = self._session is session, None
                self._not_born()
        if lost:
            _log.warning("the Sparkplug connection ended: %s%s", reason, remedy(reason))
        return (reason if lost else "host_away"), self._clock.monotonic() - since

    def _give_birth(self) -> None:
        _log.info("Sparkplug edge node %s/%s: births, bdSeq %d", self._options.group, self._options.name, self._number)
        self._born = True
        self._observer.sparkplug_born(True)
        self._send(self._node.born(self._number, self._now_ms()))

    def _heard(self, message: Inbound) -> None:
        if message.topic == self._node.commands:
            if self._born and wants_rebirth(message.payload):
                self._give_birth()
        elif (online := self._host_is_online(message.payload)) is None:
            _log.warning("a state of the host application is not understood: %s", message.topic)
        elif online and not self._born:
            self._give_birth()
        elif not online and self._born:
            _log.warning("the host application %s is away: the session ends", self._options.primary_host)
            self._tasks.create_task(self._die())

    def _host_is_online(self, payload: bytes) -> bool | None:
        """What a STATE says; one older than what is known says nothing new. None: no STATE of Sparkplug 3."""
        try:
            said = json.loads(payload)
            online, at_ms = said["online"], said["timestamp"]
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        if not isinstance(online, bool) or not isinstance(at_ms, int):
            return None
        if at_ms < self._host_at_ms:
            return self._born
        self._host_at_ms = at_ms
        return online

    def _send(self, packets: Iterable[Packet]) -> None:
        if self._session is not None:
            for packet in packets:
                self._session.publish(packet.topic, packet.payload, qos=0)

    def _not_born(self) -> None:
        self._born = False
        self._node.gone()
        self._observer.sparkplug_born(False)

    async def _die(self) -> None:
        """End the session as one ends it on purpose: the death certificate, then DISCONNECT."""
        session, self._session = self._session, None
        if session is None:
            return
        if self._born:
            self._not_born()
            death = self._node.death(self._number, self._now_ms())
            try:
                async with asyncio.timeout(FAREWELL_S):
                    await session.publish(death.topic, death.payload)
            except (SinkUnavailable, MessageRejected, TimeoutError):
                _log.debug("the broker did not take the death certificate; it has the will")
        await session.close()

    def _now_ms(self) -> int:
        return round(self._clock.now() * 1000)
