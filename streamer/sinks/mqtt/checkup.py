"""What a broker lets us do, tried out: write, read, retain, and be spoken for by a will."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import uuid4

from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.base import Inbound
from streamer.sinks.mqtt.inbox import Inbox
from streamer.sinks.mqtt.options import OLDER, V5, V311, ConnectError, MqttOptions, Will
from streamer.sinks.mqtt.session import Session

ECHO_S = 3.0
"""How long a message may take to come back."""
LARGE = 64 << 10
"""Bytes; no event is larger."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Of one topic."""

    topic: str
    written: str = ""
    """Why it may not be written; empty: it may, as far as the broker says."""
    read: str = ""
    """Why it may not be read."""
    came: bool = False
    """What was written came back."""
    retained: bool = False
    """It came again, as the latest value, to who asked later."""
    willed: bool = False
    """The will of a client that vanished came."""
    large: str = ""
    """Why a message of `LARGE` bytes was refused."""


@dataclass(frozen=True, slots=True)
class Checkup:
    """`reason` is empty where a connection came about."""

    reason: str = ""
    detail: str = ""
    version: int = V5
    largest: int | None = None
    """Bytes of a packet, as the broker limits it; None: it does not."""
    at_once: int = 0
    """Messages that may wait for their acknowledgement."""
    permissions: tuple[Permission, ...] = ()


class _Echo:
    """Messages that came back, by topic."""

    def __init__(self) -> None:
        self.inbox = Inbox(self._take, lambda _: None)
        self._came: dict[tuple[str, bytes, bool], asyncio.Event] = {}

    def _take(self, message: Inbound) -> None:
        self._event(message.topic, message.payload, message.retained).set()

    async def came(self, topic: str, payload: str, retained: bool = False) -> bool:
        try:
            async with asyncio.timeout(ECHO_S):
                await self._event(topic, payload.encode(), retained).wait()
        except TimeoutError:
            return False
        return True

    def _event(self, topic: str, payload: bytes, retained: bool) -> asyncio.Event:
        return self._came.setdefault((topic, payload, retained), asyncio.Event())


async def check_up(options: MqttOptions, topics: Sequence[str]) -> Checkup:
    """Connect as another client, and write to `topics` (whole) what is taken away again. Never raises for what a broker
    does.

    Raises:
        ConfigError: the CA file cannot be used.
    """
    own, echo = replace(options, client_id=f"{options.client_id}-doctor"), _Echo()
    try:
        session = await _connected(own, echo.inbox)
    except ConnectError as error:
        return Checkup(error.reason, str(error))
    try:
        allowed = [await _allowed(session, own, echo, topic) for topic in topics]
    finally:
        await session.close()
    return Checkup("", "", session.version, session.largest, session.at_once, tuple(allowed))


async def _connected(options: MqttOptions, inbox: Inbox) -> Session:
    for version in (V5, V311):
        session = Session(options, version, inbox=inbox)
        try:
            await session.connect()
        except ConnectError as error:
            if error.reason not in OLDER or version == V311:
                raise
        else:
            return session
    raise AssertionError("one of the two has raised")


async def _allowed(session: Session, options: MqttOptions, echo: _Echo, topic: str) -> Permission:
    said = str(uuid4())
    read = await _subscribed(session, topic)
    written = await _published(session, topic, said, retain=session.retains)
    if written:
        return Permission(topic, written, read)
    if read or not await echo.came(topic, said):
        await _published(session, topic, "", retain=session.retains)
        return Permission(topic, "", read)
    await _subscribed(session, topic)  # once more: what is retained comes to each who asks
    retained = session.retains and await echo.came(topic, said, retained=True)
    large = await _published(session, topic, "x" * (LARGE - 1024), retain=False)
    willed = await _willed(options, session.version, echo, topic)
    await _published(session, topic, "", retain=session.retains)
    return Permission(topic, "", "", True, retained, willed, large)


async def _willed(options: MqttOptions, version: int, echo: _Echo, topic: str) -> bool:
    """Whether a client that vanishes is spoken for."""
    last = str(uuid4())
    doomed = Session(replace(options, client_id=f"{options.client_id}-will"), version, Will(topic, last, retain=False))
    try:
        await doomed.connect()
    except ConnectError:
        return False
    doomed.drop("meant to")
    return await echo.came(topic, last)


async def _subscribed(session: Session, topic: str) -> str:
    try:
        async with asyncio.timeout(ECHO_S):
            return await session.subscribe(topic) or ""
    except TimeoutError:
        return "no answer"
    except asyncio.CancelledError:
        if session.ended.done():
            return "the broker hung up"
        raise


async def _published(session: Session, topic: str, payload: str, retain: bool) -> str:
    """Why not; empty: the broker acknowledged it."""
    try:
        async with asyncio.timeout(ECHO_S):
            await session.publish(topic, payload, retain=retain)
    except MessageRejected as error:
        return error.reason
    except SinkUnavailable as error:
        return str(error)
    except TimeoutError:
        return "no acknowledgement"
    return ""
