"""An edge node: which certificates and values it sends, and when. Pure (Sparkplug 3.0.0, 4 to 6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from streamer.sinks.sparkplug.metrics import Definition, Document
from streamer.sinks.sparkplug.payload import DataType, Metric, Payload, Unreadable, Value, read, written

NAMESPACE = "spBv1.0"
SEQUENCE = 256
"""Numbers of messages and of connections begin anew after so many."""
REBIRTH = "Node Control/Rebirth"
OFFLINE = "offline"


@dataclass(frozen=True, slots=True)
class Packet:
    """To be published with QoS 0, not retained."""

    topic: str
    payload: bytes


class EdgeNode:
    """The devices of one connection after another.

    What changes while there is no connection is not kept: after the next one, births tell what is.
    """

    def __init__(self, group: str, name: str, version: str) -> None:
        self._group, self._name, self._version = group, name, version
        self._devices: dict[str, _Device] = {}
        self._seq = 0
        self._connection: int | None = None
        """Number of the connection, `bdSeq`, once births were sent."""

    @property
    def commands(self) -> str:
        """The topic of commands to the node."""
        return self._topic("NCMD")

    def death(self, connection: int, now_ms: int) -> Packet:
        """What the broker says when the connection ends, and we say before we end it ourselves."""
        return self._packet("NDEATH", Payload((_bd_seq(connection, now_ms),), now_ms))

    def born(self, connection: int, now_ms: int) -> list[Packet]:
        """All births, in the order in which they are to be sent: of a new connection, or asked for again."""
        self._connection, self._seq = connection, 0
        metrics = (
            _bd_seq(connection, now_ms),
            Metric(REBIRTH, DataType.BOOLEAN, False, now_ms),
            Metric("Properties/Software", DataType.STRING, "taktstream", now_ms),
            Metric("Properties/Version", DataType.STRING, self._version, now_ms),
        )
        node = self._packet("NBIRTH", Payload(metrics, now_ms, self._seq))
        there = [name for name, device in self._devices.items() if device.there]
        return [node, *(self._birth(name, now_ms) for name in there)]

    def gone(self) -> None:
        """The connection has ended."""
        self._connection = None

    def consist_of(self, devices: Mapping[str, Sequence[Definition]], now_ms: int) -> list[Packet]:
        """Streams with their metrics; what is new, changed or no more is told, if births were sent."""
        before = self._devices
        self._devices = {
            name: before[name] if name in before and before[name].metrics == tuple(metrics) else _Device(metrics)
            for name, metrics in devices.items()
        }
        packets = [self._farewell(name, now_ms) for name, old in before.items() if old.there and name not in devices]
        for name, device in self._devices.items():
            old = before.get(name)
            if old is not None and old is not device:
                device.read_again(old)
                packets += [self._birth(name, now_ms)] if device.there else []
        return packets if self._connection is not None else []

    def shown(self, topic: str, document: Document, now_ms: int) -> list[Packet]:
        """A retained document has changed: `<stream>/status` brings a device and takes it away, values are told where
        they are others than before."""
        name = topic.partition("/")[0]
        device = self._devices.get(name)
        if device is None:
            return []
        was_there = device.there
        changed = device.take(topic, document)
        if self._connection is None:
            return []
        if was_there != device.there:
            return [self._birth(name, now_ms) if device.there else self._farewell(name, now_ms)]
        if not (device.there and changed):
            return []
        metrics = tuple(Metric(one.name, one.type, value, now_ms) for one, value in changed)
        return [self._packet("DDATA", Payload(metrics, now_ms, self._next()), name)]

    def _birth(self, name: str, now_ms: int) -> Packet:
        metrics = tuple(Metric(one.name, one.type, value, now_ms) for one, value in self._devices[name].values())
        return self._packet("DBIRTH", Payload(metrics, now_ms, self._next()), name)

    def _farewell(self, name: str, now_ms: int) -> Packet:
        return self._packet("DDEATH", Payload((), now_ms, self._next()), name)

    def _next(self) -> int:
        self._seq = (self._seq + 1) % SEQUENCE
        return self._seq

    def _packet(self, kind: str, payload: Payload, device: str | None = None) -> Packet:
        return Packet(self._topic(kind, device), written(payload))

    def _topic(self, kind: str, device: str | None = None) -> str:
        parts = (NAMESPACE, self._group, kind, self._name, device)
        return "/".join(part for part in parts if part is not None)


class _Device:
    """What is known of a stream."""

    def __init__(self, metrics: Iterable[Definition]) -> None:
        self.metrics = tuple(metrics)
        self._values: dict[str, Value] = {one.name: one.missing for one in self.metrics}
        self._documents: dict[str, Document] = {}
        self.there = False

    def take(self, topic: str, document: Document) -> list[tuple[Definition, Value]]:
        """What is another value now."""
        if topic.endswith("/status") and topic.count("/") == 1:
            self.there = document.get("status") != OFFLINE
        changed = []
        self._documents[topic] = document
        for one in self.metrics:
            if one.topic == topic and (value := one.value(document)) != self._values[one.name]:
                self._values[one.name] = value
                changed.append((one, value))
        return changed

    def read_again(self, other: _Device) -> None:
        for topic, document in other._documents.items():
            self.take(topic, document)

    def values(self) -> Iterator[tuple[Definition, Value]]:
        return ((one, self._values[one.name]) for one in self.metrics)


def wants_rebirth(payload: bytes) -> bool:
    """Whether a command to the node asks for births. Other commands are none of ours."""
    try:
        return any(metric.name == REBIRTH and metric.value is True for metric in read(payload).metrics)
    except Unreadable:
        return False


def _bd_seq(connection: int, now_ms: int) -> Metric:
    return Metric("bdSeq", DataType.INT64, connection, now_ms)
