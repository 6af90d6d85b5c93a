"""The law of `Sink`, over every sink there is."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.errors import SinkUnavailable
from streamer.sinks.base import Sink
from streamer.sinks.encoding import PLAIN, Encoding, cloudevents
from streamer.sinks.jsonl import JsonLinesSink
from streamer.sinks.jsonl_file import JsonLinesFile, Rotation
from streamer.sinks.mqtt import MqttOptions, MqttSink, Subscriber
from streamer.sinks.webhook import WebhookOptions, WebhookSink
from streamer.testing.http_stub import HttpStub
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver, FakeSink
from streamer.testing.time import FakeClock
from tests.e2e.mosquitto import Mosquitto


@dataclass
class Subject:
    sink: Sink
    seen: Callable[[int], AbstractAsyncContextManager[list[str]]]
    """The event ids on the other side, once there are so many."""
    take_away: Callable[[], None]


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Subject]:
    sink = FakeSink()

    @asynccontextmanager
    async def seen(count: int) -> AsyncIterator[list[str]]:
        yield [str(m.key) for m in sink.messages]

    yield Subject(sink, seen, lambda: setattr(sink, "available", False))


@asynccontextmanager
async def jsonl(_: Path) -> AsyncIterator[Subject]:
    stream = io.StringIO()

    @asynccontextmanager
    async def seen(count: int) -> AsyncIterator[list[str]]:
        yield [json.loads(line)["payload"]["event_id"] for line in stream.getvalue().splitlines()]

    yield Subject(JsonLinesSink(stream), seen, stream.close)


@asynccontextmanager
async def jsonl_file(folder: Path) -> AsyncIterator[Subject]:
    file = folder / "events.jsonl"

    @asynccontextmanager
    async def seen(count: int) -> AsyncIterator[list[str]]:
        yield [json.loads(line)["payload"]["event_id"] for line in file.read_text().splitlines()]

    def take_away() -> None:
        file.unlink()
        file.mkdir()

    async with JsonLinesFile(file, Rotation()) as sink:
        yield Subject(sink, seen, take_away)


@asynccontextmanager
async def webhook(_: Path) -> AsyncIterator[Subject]:
    stub = HttpStub()

    @asynccontextmanager
    async def seen(count: int) -> AsyncIterator[list[str]]:
        yield [posted.headers["webhook-id"] for posted in stub.posted]

    async with stub.serving():
        options = WebhookOptions(f"http://127.0.0.1:{stub.port}/")
        async with WebhookSink(options, FakeClock(hurried=True)) as sink:
            yield Subject(sink, seen, lambda: setattr(stub, "status", lambda _: 503))


@asynccontextmanager
async def mqtt(folder: Path, encoding: Encoding = PLAIN, id_: str = "event_id") -> AsyncIterator[Subject]:
    observer = FakeObserver()
    with Mosquitto(folder) as broker:
        where = MqttOptions("127.0.0.1", broker.port, client_id="contract")
        async with (
            Subscriber.open(replace(where, client_id="reader"), "takt/+/events") as reader,
            MqttSink(where, SystemClock(), observer, encoding) as sink,
        ):
            await asyncio.wait_for(observer.connected.wait(), 10)

            @asynccontextmanager
            async def seen(count: int) -> AsyncIterator[list[str]]:
                async with asyncio.timeout(10):
                    yield [json.loads((await anext(reader))[1])[id_] for _ in range(count)]

            yield Subject(sink, seen, broker.kill)


SINKS = {
    "fake": fake,
    "jsonl": jsonl,
    "jsonl file": jsonl_file,
    "webhook": webhook,
    "mqtt": pytest.param(mqtt, marks=pytest.mark.e2e),
    "mqtt, cloudevents": pytest.param(partial(mqtt, encoding=cloudevents("contract"), id_="id"), marks=pytest.mark.e2e),
}


@pytest.fixture(params=SINKS.values(), ids=SINKS.keys())
async def subject(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Subject]:
    async with request.param(tmp_path) as made:
        yield made


async def test_what_is_put_is_on_the_other_side_in_order(subject: Subject) -> None:
    messages = [message(number=n) for n in range(20)]
    for one in messages:
        await subject.sink.put(one)

    async with subject.seen(20) as seen:
        assert seen == [str(one.key) for one in messages]


async def test_puts_started_together_arrive_in_the_order_they_were_started(subject: Subject) -> None:
    messages = [message(number=n) for n in range(50)]
    await asyncio.gather(*(subject.sink.put(one) for one in messages))

    async with subject.seen(50) as seen:
        assert seen == [str(one.key) for one in messages]


async def test_the_same_message_twice_is_harmless(subject: Subject) -> None:
    one = message()
    await subject.sink.put(one)
    await subject.sink.put(one)

    async with subject.seen(1) as seen:
        assert set(seen) == {str(one.key)}


async def test_a_sink_that_went_away_says_so(subject: Subject) -> None:
    await subject.sink.put(message())
    subject.take_away()

    with pytest.raises(SinkUnavailable):
        await subject.sink.put(message())
