"""Listening through a broker that refuses, sends too much, goes away and comes back."""

from __future__ import annotations

import logging

import pytest

from streamer.sinks.base import Inbound
from streamer.sinks.mqtt import MqttSink
from streamer.testing.messages import message
from streamer.testing.mqtt_stub import MqttStub
from tests.e2e.takt import until
from tests.streamer.sinks.test_mqtt import reconnected, to_stub


async def listening(stub: MqttStub, sink: MqttSink, topics: str, **more: bool) -> list[Inbound]:
    heard: list[Inbound] = []
    sink.listen(topics, heard.append, **more)
    await until(lambda: bool(stub.subscribed))
    return heard


async def test_a_filter_is_subscribed_to_again_at_every_connect() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        heard = await listening(stub, sink, "plant/+/scanner")
        await reconnected(sink, observer)
        await until(lambda: len(stub.subscribed) == 2)
        stub.send("plant/4/scanner", b"A-0815")
        await until(lambda: bool(heard))

    assert stub.subscribed == ["plant/+/scanner"] * 2
    assert heard == [Inbound("plant/4/scanner", b"A-0815")]


async def test_two_that_listen_to_one_filter_ask_the_broker_once() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        first = await listening(stub, sink, "homeassistant/status")
        second: list[Inbound] = []
        sink.listen("homeassistant/status", second.append)
        stub.send("homeassistant/status", b"online", retained=True)
        await until(lambda: observer.heard["taken"] == 2)

    assert stub.subscribed == ["homeassistant/status"]
    assert first == second == [Inbound("homeassistant/status", b"online", retained=True)]


async def test_a_filter_below_the_prefix_has_it_in_front() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, _):
        heard = await listening(stub, sink, "cam/+/andon/ack", below_prefix=True)
        stub.send("takt/cam/bench/andon/ack", b"{}")
        await until(lambda: bool(heard))

    assert stub.subscribed == ["takt/cam/+/andon/ack"]
    assert heard[0].topic == "takt/cam/bench/andon/ack"


async def test_a_request_says_where_its_answer_goes() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, _):
        heard = await listening(stub, sink, "ask")
        stub.send("ask", b"", properties=b"\x08\x00\x05reply\x09\x00\x0242")
        await until(lambda: bool(heard))

    assert (heard[0].reply_to, heard[0].correlation) == ("reply", b"42")


async def test_a_refused_filter_is_told_and_counted_and_events_still_go(caplog: pytest.LogCaptureFixture) -> None:
    stub = MqttStub(suback=lambda _: 0x87)
    with caplog.at_level(logging.WARNING):
        async with to_stub(stub) as (sink, observer):
            await listening(stub, sink, "forbidden/#")
            await until(lambda: observer.subscriptions_refused == 1)
            await sink.put(message())

    assert "does not let us listen to forbidden/#" in caplog.text
    assert "access list" in caplog.text


async def test_a_listener_that_fails_ends_neither_the_connection_nor_its_own_listening(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stub, numbers = MqttStub(), list[int]()
    with caplog.at_level(logging.ERROR):
        async with to_stub(stub) as (sink, observer):
            sink.listen("number", lambda one: numbers.append(int(one.payload)))
            await until(lambda: bool(stub.subscribed))
            for payload in (b"1", b"two", b"3"):
                stub.send("number", payload)
            await until(lambda: observer.heard.total() == 3)
            await sink.put(message())

    assert numbers == [1, 3]
    assert observer.heard == {"taken": 2, "failed": 1}
    assert not observer.reconnects


async def test_a_flood_does_not_fill_the_memory() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        heard = await listening(stub, sink, "flood")
        stub.send("flood", b"x" * 70_000)
        for _ in range(3):
            stub.send("flood", b"small")
        await until(lambda: observer.heard.total() == 4)

    assert observer.heard == {"taken": 3, "too_large": 1}
    assert [one.payload for one in heard] == [b"small"] * 3


async def test_what_is_no_filter_is_refused_at_once() -> None:
    async with to_stub(MqttStub()) as (sink, _):
        with pytest.raises(ValueError, match="no topic filter"):
            sink.listen("plant/#/scanner", print)


async def test_what_comes_at_a_connect_may_have_waited_since_the_last_one_ended() -> None:
    stub = MqttStub()
    async with to_stub(stub) as (sink, observer):
        heard = await listening(stub, sink, "plant/scanner")
        stub.send("plant/scanner", b"1")
        await until(lambda: len(heard) == 1)
        await reconnected(sink, observer)
        stub.send("plant/scanner", b"2")
        await until(lambda: len(heard) == 2)

    assert heard[0].late_s == 0
    assert heard[1].late_s > 0


async def test_a_broker_is_asked_to_spare_us_what_is_very_large() -> None:
    stub = MqttStub()
    async with to_stub(stub):
        pass

    (connect,) = stub.connects
    properties = connect[11 : 11 + connect[10]]
    assert b"\x27" + (1 << 20).to_bytes(4, "big") in properties, "MQTT 5, 3.1.2.11.4"
