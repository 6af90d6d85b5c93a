"""Encodings as a consumer at a real Mosquitto gets them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from streamer.clock import SystemClock
from streamer.sinks.encoding import PLAIN, Encoding, cloudevents
from streamer.sinks.mqtt import V5, V311, MqttOptions, MqttSink
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("ours", [V5, V311], ids=["we 5", "we 3.1.1"])
@pytest.mark.parametrize("theirs", [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311], ids=["they 5", "3.1.1"])
@pytest.mark.parametrize("encoding", [PLAIN, cloudevents("service")], ids=["plain", "cloudevents"])
async def test_an_event_says_its_content_type_wherever_the_protocol_can(
    tmp_path: Path, ours: int, theirs: MQTTProtocolVersion, encoding: Encoding
) -> None:
    observer, one = FakeObserver(), message()
    with Mosquitto(tmp_path) as broker, Listener(broker.port, "takt/cam/#", version=theirs) as listener:
        options = MqttOptions("127.0.0.1", broker.port, client_id="service", version=ours)
        async with MqttSink(options, SystemClock(), observer, encoding) as sink:
            await asyncio.wait_for(observer.connected.wait(), 10)
            sink.state("cam/status", {"status": "online"})
            await sink.put(one)
            event = await asyncio.to_thread(listener.wait, lambda heard: listener.on("takt/cam/events"))
            (state,) = await asyncio.to_thread(listener.wait, lambda heard: listener.on("takt/cam/status"))

    assert event[0].payload == encoding.write(one)
    assert json.loads(state.payload) == {"status": "online"}
    if ours == V5 and theirs is MQTTProtocolVersion.MQTTv5:
        assert event[0].properties is not None
        assert event[0].properties.ContentType == encoding.content_type
