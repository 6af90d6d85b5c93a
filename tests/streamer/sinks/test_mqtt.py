"""The MQTT sink against brokers that misbehave."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from streamer.clock import SystemClock
from streamer.errors import ConfigError, MessageRejected, SinkUnavailable
from streamer.sinks.mqtt import V5, MqttOptions, MqttSink
from streamer.testing.messages import message
from streamer.testing.mqtt_stub import MqttStub
from streamer.testing.sinks import FakeObserver


class Pauses(SystemClock):
    """Remembers pauses and makes them short."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._more = asyncio.Condition()

    async def sleep(self, seconds: float) -> None:
        async with self._more:
            self.asked.append(seconds)
            self._more.notify_all()
        await asyncio.sleep(0.001)

    async def have_been(self, count: int) -> None:
        async with asyncio.timeout(5), self._more:
            await self._more.wait_for(lambda: len(self.asked) >= count)


def options(port: int, **more: object) -> MqttOptions:
    return MqttOptions("127.0.0.1", port, **{"client_id": "test", "answer_timeout_s": 0.2, **more})  # type: ignore[arg-type]


@asynccontextmanager
async def to_stub(stub: MqttStub, **more: object) -> AsyncIterator[tuple[MqttSink, FakeObserver]]:
    observer = FakeObserver()
    async with stub.serving(), MqttSink(options(stub.port, **more), Pauses(), observer) as sink:
        async with asyncio.timeout(5):
            await observer.connected.wait()
        yield sink, observer


def only_events(answer: int | None) -> Callable[[int], int | None]:
    """Take the first publish (the status), answer the others so."""
    return lambda n: 0 if n == 0 else answer


async def test_version_5_is_preferred() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, _):
        await sink.put(message())

    assert stub.versions == [5]


@pytest.mark.parametrize(
    "stub", [MqttStub(knows_v5=False), MqttStub(refuses_v5=True)], ids=["never answers", "refuses"]
)
async def test_a_broker_that_knows_only_3_1_1_is_asked_for_5_once(stub: MqttStub) -> None:
    async with to_stub(stub) as (sink, observer):
        await sink.put(message())
        await reconnected(sink, observer)
        await sink.put(message())

    assert stub.versions == [5, 4, 4]


async def test_a_proxy_that_hangs_up_once_costs_no_version() -> None:
    stub = MqttStub(hangs_up=lambda n, _: n == 0)
    async with to_stub(stub) as (sink, observer):
        await sink.put(message())

    assert stub.versions == [5, 5]
    assert observer.reconnects == ["hung_up"]


async def test_a_broker_that_hangs_up_on_5_again_is_spoken_to_in_3_1_1_until_the_next_connection() -> None:
    stub = MqttStub(hangs_up=lambda n, version: version == 5)
    async with to_stub(stub) as (sink, observer):
        await sink.put(message())
        assert stub.versions == [5, 5, 4]
        stub.hangs_up = lambda n, version: False
        await reconnected(sink, observer)
        await sink.put(message())

    assert stub.versions == [5, 5, 4, 5]


async def test_a_broker_that_was_replaced_by_a_newer_one_is_found_again() -> None:
    stub = MqttStub(refuses_v5=True)
    async with to_stub(stub) as (sink, observer):
        stub.refuses_v5, stub.hangs_up = False, lambda n, version: version == 4
        await reconnected(sink, observer)
        await sink.put(message())

    assert stub.versions == [5, 4, 4, 5]


@pytest.mark.parametrize(
    ("code", "reason"), [(0x87, "not_authorized"), (0x90, "topic_invalid"), (0x99, "payload_invalid")]
)
async def test_a_message_the_broker_refuses_for_good_is_rejected(code: int, reason: str) -> None:
    async with to_stub(MqttStub(puback=only_events(code))) as (sink, _):
        with pytest.raises(MessageRejected, match=reason):
            await sink.put(message())


@pytest.mark.parametrize("code", [0x80, 0x83, 0x97])
async def test_a_message_the_broker_refuses_for_now_is_kept(code: int) -> None:
    async with to_stub(MqttStub(puback=only_events(code))) as (sink, _):
        with pytest.raises(SinkUnavailable, match=f"0x{code:02x}"):
            await sink.put(message())


async def test_nobody_subscribed_counts_as_delivered() -> None:
    stub = MqttStub(puback=only_events(0x10))
    async with to_stub(stub) as (sink, _):
        await sink.put(message())
    assert stub.published


async def test_without_acknowledgement_the_connection_is_made_anew() -> None:
    stub = MqttStub(puback=only_events(None))
    async with to_stub(stub, ack_timeout_s=0.1) as (sink, observer):
        with pytest.raises(SinkUnavailable):
            await sink.put(message())
        stub.puback = lambda _: 0
        async with asyncio.timeout(5):
            while True:
                try:
                    await sink.put(message())
                    break
                except SinkUnavailable:
                    await asyncio.sleep(0.01)

    assert observer.reconnects == ["no_ack"]


async def test_no_more_is_in_flight_than_the_broker_allows() -> None:
    stub = MqttStub(receive_maximum=5)
    async with to_stub(stub) as (sink, _):
        await asyncio.gather(*(sink.put(message(number=n)) for n in range(60)))

    assert len(stub.published) >= 61
    assert stub.most_unanswered <= 5


async def test_puts_without_a_broker_fail_at_once() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock = Pauses()
    async with MqttSink(options(port), clock, FakeObserver()) as sink:
        with pytest.raises(SinkUnavailable):
            await sink.put(message())
        await clock.have_been(12)

    assert all(0 <= pause <= 30 for pause in clock.asked)
    assert len(set(clock.asked)) == len(clock.asked), "pauses are jittered"


async def test_a_wrong_password_is_tried_rarely_and_said_clearly(caplog: pytest.LogCaptureFixture) -> None:
    stub, clock, observer = MqttStub(connack=0x86), Pauses(), FakeObserver()
    with caplog.at_level(logging.WARNING):
        async with stub.serving(), MqttSink(options(stub.port, password="CANARY"), clock, observer):
            await clock.have_been(3)

    assert min(clock.asked) >= 10
    assert set(observer.reconnects) == {"auth"}
    assert "check user name, password" in caplog.text
    assert "CANARY" not in caplog.text + repr(options(1, password="CANARY"))


async def test_a_service_thrown_out_by_its_namesake_comes_back_late_and_says_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stub, clock, observer = MqttStub(farewell=0x8E), Pauses(), FakeObserver()
    with caplog.at_level(logging.WARNING):
        async with stub.serving(), MqttSink(options(stub.port), clock, observer):
            await clock.have_been(2)

    assert min(clock.asked) >= 10
    assert observer.reconnects[0] == "taken_over"
    assert "another client uses the same client id" in caplog.text


async def test_state_is_published_again_after_a_reconnect() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        sink.state("cam/status", {"state": "stalled"})
        sink.state("cam/status", {"state": "online"})
        await sink.put(message())
        before = len(stub.published)
        stub.puback = lambda _: None
        with pytest.raises(SinkUnavailable):
            await impatient(sink)
        stub.puback = lambda _: 0
        async with asyncio.timeout(5):
            await observer.connected.wait()
            while ("takt/cam/status", b'{"state":"online"}') not in stub.published[before:]:
                stub.heard.clear()
                await stub.heard.wait()

    assert ("takt/cam/status", b'{"state":"stalled"}') not in stub.published[before:]


async def reconnected(sink: MqttSink, observer: FakeObserver) -> None:
    assert sink._session is not None
    sink._session.drop("test")
    async with asyncio.timeout(5):
        await observer.lost.wait()
        await observer.connected.wait()


async def impatient(sink: MqttSink) -> None:
    session = sink._session
    assert session is not None
    session.drop("test")
    await sink.put(message())


async def test_a_topic_that_mqtt_forbids_is_rejected() -> None:
    from dataclasses import replace

    async with to_stub(MqttStub()) as (sink, _):
        with pytest.raises(MessageRejected, match="topic_invalid"):
            await sink.put(replace(message(), topic="a/#"))


def test_a_missing_ca_file_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.pem"):
        MqttSink(MqttOptions("h", tls=True, ca_file="nowhere.pem", version=V5), SystemClock(), FakeObserver())
