"""The law of `StatusSink`, over the fake and a real broker: values for late comers, and what others say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.sinks.base import Inbound, StatusSink
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.sinks.mqtt.inbox import Inbox
from streamer.sinks.mqtt.options import V5
from streamer.sinks.mqtt.session import Session
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver, FakeSink
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until


@dataclass
class Subject:
    sink: StatusSink
    say: Callable[[str, bytes], Awaitable[None]]
    """Somebody else publishes on a topic; returns when the sink can have heard it."""


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Subject]:
    sink = FakeSink()

    async def say(topic: str, payload: bytes) -> None:
        sink.hear(Inbound(topic, payload))

    yield Subject(sink, say)


@asynccontextmanager
async def mqtt(folder: Path) -> AsyncIterator[Subject]:
    observer = FakeObserver()
    with Mosquitto(folder) as broker:
        where = MqttOptions("127.0.0.1", broker.port, client_id="contract")
        other = Session(replace(where, client_id="other"), V5, inbox=Inbox(lambda _: None, lambda _: None))
        await other.connect()
        async with MqttSink(where, SystemClock(), observer) as sink:
            await asyncio.wait_for(observer.connected.wait(), 10)

            async def say(topic: str, payload: bytes) -> None:
                await sink.put(message())  # acknowledged after every subscription before it
                before = observer.heard.total()
                await asyncio.wait_for(other.publish(topic, payload), 10)
                await until(lambda: observer.heard.total() > before)

            yield Subject(sink, say)
        await other.close()


SINKS = {"fake": fake, "mqtt": pytest.param(mqtt, marks=pytest.mark.e2e)}


@pytest.fixture(params=SINKS.values(), ids=SINKS.keys())
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    async with request.param(tmp_path) as made:
        yield made


async def test_who_listens_hears_what_others_say(subject: Subject) -> None:
    heard: list[Inbound] = []
    subject.sink.listen("plant/scanner-4", heard.append)
    await subject.say("plant/scanner-4", b"A-0815")

    assert [(one.topic, one.payload, one.retained) for one in heard] == [("plant/scanner-4", b"A-0815", False)]


async def test_two_may_listen_to_one_topic(subject: Subject) -> None:
    first: list[Inbound] = []
    second: list[Inbound] = []
    subject.sink.listen("plant/scanner-4", first.append)
    subject.sink.listen("plant/scanner-4", second.append)
    await subject.say("plant/scanner-4", b"A-0815")

    assert [one.payload for one in first] == [one.payload for one in second] == [b"A-0815"]


async def test_who_no_longer_listens_hears_nothing(subject: Subject) -> None:
    left: list[Inbound] = []
    stays: list[Inbound] = []
    unlisten = subject.sink.listen("plant/scanner-4", left.append)
    subject.sink.listen("plant/+", stays.append)
    unlisten()
    await subject.say("plant/scanner-4", b"A-0815")

    assert left == []
    assert [one.payload for one in stays] == [b"A-0815"]
