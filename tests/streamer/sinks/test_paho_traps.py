"""What paho does when left to itself, and what becomes of a message here all the same."""

from __future__ import annotations

import asyncio
import gc
import threading

import psutil
import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode

from streamer.clock import SystemClock
from streamer.errors import MessageRejected, SinkUnavailable
from streamer.sinks.mqtt import MqttSink
from streamer.sinks.mqtt.session import Session
from streamer.testing.messages import message
from streamer.testing.mqtt_stub import MqttStub
from streamer.testing.sinks import FakeObserver
from tests.streamer.sinks.test_mqtt import Pauses, only_events, options, to_stub


def test_paho_drops_the_newest_without_a_word() -> None:
    client = Client(CallbackAPIVersion.VERSION2)
    client.max_queued_messages_set(2)
    codes = [client.publish("topic", "text", qos=1).rc for _ in range(3)]

    assert codes == [MQTTErrorCode.MQTT_ERR_NO_CONN] * 2 + [MQTTErrorCode.MQTT_ERR_QUEUE_SIZE]


async def test_here_a_thousand_puts_at_once_arrive_in_order_over_a_broker_that_takes_five() -> None:
    stub = MqttStub(receive_maximum=5)
    messages = [message(number=n) for n in range(1000)]
    async with to_stub(stub) as (sink, _):
        await asyncio.gather(*(sink.put(one) for one in messages))

    events = [payload for topic, payload in stub.published if topic.endswith("/events")]
    assert [str(one.key) in payload.decode() for one, payload in zip(messages, events, strict=True)] == [True] * 1000


async def test_paho_calls_published_what_the_broker_refused_and_here_it_is_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    infos = []
    real = Client.publish

    def publish(client: Client, *args: object, **more: object):  # type: ignore[no-untyped-def]
        infos.append(real(client, *args, **more))  # type: ignore[arg-type]
        return infos[-1]

    monkeypatch.setattr(Client, "publish", publish)
    async with to_stub(MqttStub(puback=only_events(0x87))) as (sink, _):
        with pytest.raises(MessageRejected, match="not_authorized"):
            await sink.put(message())

    assert infos[-1].is_published()


async def test_an_exception_in_a_callback_costs_a_try_and_no_message(monkeypatch: pytest.MonkeyPatch) -> None:
    real, failures = Session._on_publish, []

    def fails(session: Session, *args: object) -> None:
        if len(failures) < 2:
            failures.append(threading.current_thread().name)
            raise RuntimeError("a bug in a callback")
        real(session, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Session, "_on_publish", fails)
    async with to_stub(MqttStub(), ack_timeout_s=0.2) as (sink, observer):
        await until_taken(sink)
        await sink.put(message())

    assert observer.reconnects == ["no_ack"]


async def test_the_end_of_the_network_thread_is_the_end_of_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while nothing is sent: the broker would say `offline` for a service that calls itself connected."""
    stub = MqttStub()
    real, dead = Client._loop, []
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def dies(client: Client, *args: object) -> MQTTErrorCode:
        if not dead and stub.published:
            dead.append(client)
            raise RuntimeError("a bug in the library")
        return real(client, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Client, "_loop", dies)
    async with to_stub(stub) as (sink, observer):
        async with asyncio.timeout(5):
            await observer.lost.wait()
            await observer.connected.wait()
        await sink.put(message())

    assert dead[0].is_connected(), "paho does not know"
    assert observer.reconnects == ["thread_ended"]
    assert len(stub.versions) == 2


async def test_paho_keeps_sockets_until_it_is_collected_and_here_they_go_with_the_connection() -> None:
    """A broker that hangs up again and again would cost two descriptors each time."""
    held, clock, process = list[int](), Pauses(), psutil.Process()
    stub = MqttStub(hangs_up=lambda n, version: True)
    gc.collect()
    gc.disable()
    try:
        async with stub.serving(), MqttSink(options(stub.port), clock, FakeObserver()):
            for attempts in (5, 25):
                await clock.have_been(attempts)
                held.append(process.num_fds())
    finally:
        gc.enable()
    assert held[1] <= held[0] + 6, "those of the attempts that go on"


async def until_taken(sink: MqttSink) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await sink.put(message())
                return
            except SinkUnavailable:
                await SystemClock().sleep(0.01)
