"""What MQTT 5 adds: messages that expire, sessions that outlive a connection, answers. Over a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.sinks.base import Inbound
from streamer.sinks.mqtt import V311, MqttOptions, MqttSink
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.wire import answer
from tests.e2e.command_line import publish
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import until
from tests.e2e.test_mqtt import Brisk
from tests.schemas import validate

pytestmark = pytest.mark.e2e


def options(broker: Mosquitto, **more: object) -> MqttOptions:
    return replace(MqttOptions("127.0.0.1", broker.port, client_id="service"), **more)  # type: ignore[arg-type]


class Held(Brisk):
    """Waits before it connects again until it is let."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.go_on.wait()


@pytest.mark.parametrize(("version", "comes"), [(None, True), (V311, False)], ids=["5", "3.1.1"])
async def test_what_is_sent_while_the_connection_is_away_comes_later(
    broker: Mosquitto, version: int | None, comes: bool
) -> None:
    observer, clock, heard = FakeObserver(), Held(), list[Inbound]()
    async with MqttSink(options(broker, version=version), clock, observer) as sink:
        await asyncio.wait_for(observer.connected.wait(), 10)
        sink.listen("plant/scanner", heard.append)
        await sink.put(message())
        assert sink._session is not None
        sink._session.drop("test")
        await asyncio.wait_for(observer.lost.wait(), 10)
        publish(broker.port, "plant/scanner", "A-0815")
        clock.go_on.set()
        await asyncio.wait_for(observer.connected.wait(), 10)
        await sink.put(message())
        publish(broker.port, "plant/scanner", "A-0816")
        await until(lambda: any(one.payload == b"A-0816" for one in heard), 10)

    assert (b"A-0815" in [one.payload for one in heard]) is comes


async def test_a_process_begins_afresh(broker: Mosquitto) -> None:
    """What came for the process before is no news for this one."""
    for _ in range(2):
        observer, heard = FakeObserver(), list[Inbound]()
        async with MqttSink(options(broker), SystemClock(), observer) as sink:
            await asyncio.wait_for(observer.connected.wait(), 10)
            sink.listen("plant/scanner", heard.append)
            await sink.put(message())
            assert heard == []
            assert sink._session is not None
            sink._session.drop("killed")
        publish(broker.port, "plant/scanner", "A-0815")


async def test_a_message_expires_counted_from_what_it_speaks_of(broker: Mosquitto) -> None:
    now = SystemClock().now()
    with Listener(broker.port, "takt/#") as listener:
        where = options(broker, expiry_s={"action": 3600.0})
        observer = FakeObserver()
        async with MqttSink(where, SystemClock(), observer) as sink:
            await asyncio.wait_for(observer.connected.wait(), 10)
            await sink.put(replace(message(), captured_at=now - 600))
            await sink.put(replace(message(), captured_at=now - 9999))
            await sink.put(replace(message(), cls="gap", captured_at=now))
            await asyncio.to_thread(listener.wait, lambda _: len(listener.on("takt/cam/events")) >= 2)
            await until(lambda: len(listener.on("takt/cam/events")) == 3, 10)
    limits = [getattr(one.properties, "MessageExpiryInterval", None) for one in listener.on("takt/cam/events")]

    assert limits[0] == pytest.approx(3000, abs=30)
    assert limits[1] == 1, "it is too late; whoever is there may have it"
    assert limits[2] is None


async def test_a_question_is_answered_where_the_sender_wants_it(broker: Mosquitto) -> None:
    observer = FakeObserver()
    with Listener(broker.port, "#") as listener:
        async with MqttSink(options(broker), SystemClock(), observer) as sink:
            await asyncio.wait_for(observer.connected.wait(), 10)
            for topic in ("desk/7", "takt/reply/7", "takt/cam/events", "$SYS/x", "desk/#"):
                sink.answer(Inbound("ask", b"", reply_to=topic, correlation=b"42"), answer("state", "cam"))
            sink.answer(Inbound("ask", b""), answer("state", "cam"))
            await sink.put(message())
            await asyncio.to_thread(listener.wait, lambda _: listener.on("takt/cam/events"))
    answers = [one for one in listener.messages if b"takt.answer.v1" in one.payload]

    assert [one.topic for one in answers] == ["desk/7", "takt/reply/7"], "not where others look for what we say"
    assert {one.properties.CorrelationData for one in answers} == {b"42"}  # type: ignore[union-attr]
    assert validate(json.loads(answers[0].payload))["taken"]


async def test_a_topic_is_taken_away_for_late_comers_too(tmp_path: Path, broker: Mosquitto) -> None:
    for topics in (["old/status", "cam/status"], ["cam/status"]):
        observer = FakeObserver()
        async with MqttSink(options(broker, remembered=tmp_path / "shown.json"), SystemClock(), observer) as sink:
            sink.shows(topics)
            for topic in topics:
                sink.state(topic, {"status": "online"})
            await asyncio.wait_for(observer.connected.wait(), 10)
            await sink.put(message())
    with Listener(broker.port, "takt/+/status") as late:
        await asyncio.to_thread(late.wait, lambda messages: len(messages) >= 1)
        await asyncio.sleep(0.2)

    assert {one.topic for one in late.messages} == {"takt/cam/status"}
