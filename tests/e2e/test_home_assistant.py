"""What Home Assistant finds at a real Mosquitto."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from streamer.clock import SystemClock
from streamer.home_assistant.announcing import Announcer
from streamer.home_assistant.components import Topics
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.sinks.station import Station
from streamer.testing.sinks import FakeObserver
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.streamer.home_assistant.documented import faults

pytestmark = pytest.mark.e2e

BENCH, SHELF = Station("cam", "bench", ("pick", "tighten"), follows=True), Station("cam", "shelf", ("take",))
CONFIG = "homeassistant/device/takt_cam_{}/config"


@asynccontextmanager
async def service(folder: Path, broker: Mosquitto, *stations: Station) -> AsyncIterator[MqttSink]:
    observer = FakeObserver()
    options = MqttOptions("127.0.0.1", broker.port, client_id="line1")
    async with MqttSink(options, SystemClock(), observer) as sink:
        Announcer(sink, folder, "homeassistant", Topics("takt", sink.status_topic), "1.0").announce(stations)
        await asyncio.wait_for(observer.connected.wait(), 10)
        yield sink


async def latest(home: Listener, watch: str, times: int = 1) -> bytes:
    """What stands on a watch's topic after so many messages."""
    topic = CONFIG.format(watch)
    await asyncio.to_thread(home.wait, lambda _: len(home.on(topic)) >= times)
    return bytes(home.on(topic)[-1].payload)


async def test_devices_are_there_for_whoever_comes_late_and_are_lawful(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker:
        async with service(tmp_path, broker, BENCH):
            with Listener(broker.port, "homeassistant/#") as early:
                await latest(early, "bench")
            with Listener(broker.port, "homeassistant/#") as home:
                payload: dict[str, Any] = json.loads(await latest(home, "bench"))
                assert home.on(CONFIG.format("bench"))[0].retain
    assert list(faults(CONFIG.format("bench"), payload)) == []
    assert payload["avty"][0] == {"t": "takt/service/line1/status"}


async def test_they_are_told_again_when_home_assistant_starts(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Listener(broker.port, "homeassistant/#") as home:
        async with service(tmp_path, broker, BENCH):
            first = await latest(home, "bench")
            await asyncio.to_thread(home.say, "homeassistant/status", "online")
            assert await latest(home, "bench", 2) == first


async def test_what_is_gone_is_taken_away_also_when_the_broker_was_away(tmp_path: Path) -> None:
    with Mosquitto(tmp_path / "broker") as broker, Listener(broker.port, "homeassistant/#", name="home") as home:
        async with service(tmp_path, broker, BENCH, SHELF):
            await latest(home, "shelf")
        async with service(tmp_path, broker, BENCH):
            assert await latest(home, "shelf", 2) == b""
        async with service(tmp_path, broker, BENCH):
            await latest(home, "bench", 3)
        assert len(home.on(CONFIG.format("shelf"))) == 2, "what is gone is taken away once"


async def test_a_broker_that_forgot_everything_is_told_again(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "broker", "persistence false")
    with broker:
        async with service(tmp_path, broker, BENCH):
            with Listener(broker.port, "homeassistant/#", name="before") as home:
                first = await latest(home, "bench")
            broker.kill()
            broker.start()
            with Listener(broker.port, "homeassistant/#", name="after") as home:
                assert await latest(home, "bench") == first
