"""A broker that misbehaves on purpose: enough of MQTT 3.1.1 and 5 for one client."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14


@dataclass(slots=True)
class MqttStub:
    """Answers as its fields say; they may change while it runs."""

    knows_v5: bool = True
    """False: no answer at all to MQTT 5, as amqtt."""
    connack: int = 0
    """Reason code (for 3.1.1: return code)."""
    refuses_v5: bool = False
    """Answer to MQTT 5 that the protocol version is not supported."""
    hangs_up: Callable[[int, int], bool] = lambda n, version: False
    """Whether the n-th CONNECT (from 0), of a protocol level, gets the end of the connection for an answer."""
    puback: Callable[[int], int | None] = lambda _: 0
    """Reason code for the n-th PUBLISH (from 0); None: no answer."""
    suback: Callable[[str], int] = lambda _: 1
    """Reason code for a topic filter; it is not looked at afterwards."""
    receive_maximum: int | None = None
    farewell: int | None = None
    """MQTT 5: end the connection with this reason code at the first PUBLISH."""
    port: int = 0
    versions: list[int] = field(default_factory=list)
    """Protocol level of each CONNECT."""
    connects: list[bytes] = field(default_factory=list)
    """Each CONNECT without its fixed header."""
    published: list[tuple[str, bytes]] = field(default_factory=list)
    subscribed: list[str] = field(default_factory=list)
    """Topic filters, of every SUBSCRIBE."""
    unanswered: int = 0
    most_unanswered: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    """Set with every PUBLISH and SUBSCRIBE."""
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[MqttStub]:
        server = await asyncio.start_server(self._client, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for writer in self._writers:
                writer.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        version = 4
        self._writers.append(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, flags, body = await _packet(reader)
                if kind == CONNECT:
                    version = body[6]
                    self.versions.append(version)
                    self.connects.append(body)
                    if self.hangs_up(len(self.versions) - 1, version):
                        break
                    if version == 5 and not self.knows_v5:
                        continue
                    writer.write(self._connack(version))
                elif kind == PUBLISH:
                    await self._published(version, flags, body, writer)
                elif kind == SUBSCRIBE:
                    writer.write(self._suback(version, body))
                elif kind == PINGREQ:
                    writer.write(bytes([PINGRESP << 4, 0]))
                elif kind == DISCONNECT:
                    break
        writer.close()

    def _connack(self, version: int) -> bytes:
        if version == 4:
            return bytes([CONNACK << 4, 2, 0, self.connack])
        limits = b"" if self.receive_maximum is None else b"\x21" + self.receive_maximum.to_bytes(2, "big")
        code = 0x84 if self.refuses_v5 else self.connack
        return bytes([CONNACK << 4, 3 + len(limits), 0, code, len(limits)]) + limits

    def _suback(self, version: int, body: bytes) -> bytes:
        """Of the first filter: ours are asked for one by one."""
        rest, none = body[2:], b""
        if version == 5:
            size, used = _number(rest)
            rest, none = rest[used + size :], b"\0"
        topics = rest[2 : 2 + int.from_bytes(rest[:2], "big")].decode()
        self.subscribed.append(topics)
        self.heard.set()
        answer = body[:2] + none + bytes([self.suback(topics)])
        return bytes([SUBACK << 4, len(answer)]) + answer

    def send(self, topic: str, payload: bytes, *, retained: bool = False, properties: bytes = b"") -> None:
        """Publish to the newest client with QoS 0, which speaks MQTT 5."""
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + bytes([len(properties)]) + properties + payload
        self._writers[-1].write(bytes([PUBLISH << 4 | retained]) + _digits(len(body)) + body)

    async def _published(self, version: int, flags: int, body: bytes, writer: asyncio.StreamWriter) -> None:
        length = int.from_bytes(body[:2], "big")
        topic, rest = body[2 : 2 + length].decode(), body[2 + length :]
        if not flags & 0b110:
            return
        mid, payload = rest[:2], rest[2:]
        if version == 5:
            size, used = _number(payload)
            payload = payload[used + size :]
        if self.farewell is not None:
            writer.write(bytes([DISCONNECT << 4, 1, self.farewell]))
            writer.close()
        code = self.puback(len(self.published))
        self.published.append((topic, payload))
        self.heard.set()
        self.unanswered += 1
        self.most_unanswered = max(self.most_unanswered, self.unanswered)
        # Let what the client sent at once be read before it is answered.
        await asyncio.sleep(0)
        if code is not None:
            self.unanswered -= 1
            writer.write(
                bytes([PUBACK << 4, 2]) + mid if version == 4 else bytes([PUBACK << 4, 3]) + mid + bytes([code])
            )


def _number(data: bytes) -> tuple[int, int]:
    """MQTT's variable byte integer: (value, bytes used)."""
    value = 0
    for index, byte in enumerate(data):
        value |= (byte & 0x7F) << (7 * index)
        if not byte & 0x80:
            return value, index + 1
    raise ValueError("a variable byte integer without end")


def _digits(value: int) -> bytes:
    """The opposite of `_number`."""
    digits: list[int] = []
    while not digits or value:
        value, low = divmod(value, 128)
        digits.append(low | (0x80 if value else 0))
    return bytes(digits)


async def _packet(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    first = (await reader.readexactly(1))[0]
    digits = b""
    while not digits or digits[-1] & 0x80:
        digits += await reader.readexactly(1)
    size, _ = _number(digits)
    return first >> 4, first & 0x0F, await reader.readexactly(size)
