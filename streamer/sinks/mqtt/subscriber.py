"""Reading messages back from a broker, as a consumer would."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamer.errors import SinkUnavailable
from streamer.sinks.base import Inbound
from streamer.sinks.mqtt.inbox import Inbox
from streamer.sinks.mqtt.options import OLDER, V5, V311, ConnectError, MqttOptions
from streamer.sinks.mqtt.session import Session

_log = logging.getLogger(__name__)
WAITING = 10_000


class Subscriber:
    """Iterates over (topic, payload) from one connection; raises SinkUnavailable when that ends."""

    def __init__(self) -> None:
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._inbox = Inbox(self._received, self._lost, WAITING)
        self._changed = asyncio.Event()
        self._ended: asyncio.Future[str]

    @classmethod
    @asynccontextmanager
    async def open(cls, options: MqttOptions, *topics: str) -> AsyncIterator[Subscriber]:
        """Connect and subscribe with QoS 1 to topic filters (with their prefix).

        Raises:
            SinkUnavailable: no connection.
        """
        subscriber = cls()
        session = await subscriber._connect(options)
        subscriber._ended = session.ended
        session.ended.add_done_callback(lambda _: subscriber._changed.set())
        for topic in topics:
            session.subscribe(topic)
        try:
            yield subscriber
        finally:
            await session.close()

    async def _connect(self, options: MqttOptions) -> Session:
        versions = (V5, V311) if options.version is None else (options.version,)
        for version in versions:
            session = Session(options, version, inbox=self._inbox)
            try:
                await session.connect()
            except ConnectError as error:
                if error.reason not in OLDER or version == versions[-1]:
                    where = f"{options.host}:{options.port}"
                    raise SinkUnavailable(f"no connection to the broker {where}: {error}") from error
            else:
                return session
        raise AssertionError("the last version either connects or raises")

    def _received(self, message: Inbound) -> None:
        if len(self._waiting) >= WAITING:
            self._lost("overrun")
            return
        self._waiting.append((message.topic, message.payload))
        self._changed.set()

    def _lost(self, why: str) -> None:
        _log.error("a message is lost to this subscriber: %s", why)

    def __aiter__(self) -> Subscriber:
        return self

    async def __anext__(self) -> tuple[str, bytes]:
        while not self._waiting:
            if self._ended.done():
                raise SinkUnavailable(f"the connection to the broker ended: {self._ended.result()}")
            self._changed.clear()
            await self._changed.wait()
        return self._waiting.popleft()
