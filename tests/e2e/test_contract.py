"""Every message of a service is what docs/mqtt.md and the schemas say, as Mosquitto's own client prints it."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.testing.film import write_film
from tests.e2e.command_line import Printed, Subscriber, publish
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Section, Takt, rtsp, until
from tests.e2e.test_run import blinking
from tests.topics import ROWS, Row, checked

pytestmark = pytest.mark.e2e
LONG_S = float(os.environ.get("CONTRACT_SECONDS", "180"))
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}
LAMP = """\
name: lamp
takt_s: 3
cycle: {starts_with: light, ends_with: light, idle_s: 30}
steps:
  light: {action: bright, typical_s: 0.5, max_s: 1}
"""
"""Of a light that stays on for two seconds: every unit takes too long."""


def stream(folder: Path, url: str) -> Section:
    """Two watches on the halves of a blinking picture, of which one is followed by a procedure."""
    (folder / "lamp.yaml").write_text(LAMP)
    left = {"id": "left", "recognizer": "light", "region": [0, 0, 0.5, 1], "events": AT_ONCE}
    right = {"id": "right", "recognizer": "light", "region": [0.5, 0, 1, 1], "events": AT_ONCE}
    watches = [left | {"procedure": str(folder / "lamp.yaml")}, right]
    # Two halves of one grey each are no scene to look at.
    return rtsp("cam", url) | {"watches": watches, "sight": {"frozen_s": 0, "dark_below": 0, "blocked_below": 0}}


@asynccontextmanager
async def blinking_service(
    folder: Path, broker: Mosquitto, **sections: object
) -> AsyncIterator[tuple[Takt, GstServer]]:
    network = brightness(folder / "net", replace(SPEC, hop_s=0.16))
    with GstServer({"live": write_film(folder / "blinking.mp4", blinking(), 25)}) as camera:
        cam = stream(folder, camera.address("live"))
        async with Takt(folder, broker.port, {"light": network}, [cam], **sections) as takt:
            yield takt, camera


def lawful(printed: list[Printed]) -> Counter[Row]:
    """How often each row of the table came; every message is of one."""
    for one in printed:
        assert one.qos == 1, one.topic
        assert one.payload, "nothing is taken away while it is shown"
    return Counter(checked(one.topic, one.payload, one.retained) for one in printed)


async def test_every_message_of_a_run_is_what_the_page_says(tmp_path: Path, broker: Mosquitto) -> None:
    with Subscriber(broker.port, tmp_path) as client:
        async with blinking_service(tmp_path, broker) as (takt, _):
            await until(lambda: count(client, "takt/cam/cycles", '"completed"') >= 2, 60)
            await until(lambda: '"colour":"amber"' in latest(client, "takt/cam/left/andon"), 30)
            publish(broker.port, "takt/cam/left/andon/ack", '{"by": "anna", "resolved": true}')
            await until(lambda: '"colour":"green"' in latest(client, "takt/cam/left/andon"), 30)
            assert await takt.metric("takt_andon_acknowledgements_total", outcome="taken") == 1
            assert await takt.stop() == 0
        await until(lambda: latest(client, "takt/service/service/status") == "offline")
        printed = [one for one in client.printed if not one.topic.endswith("/ack")]

    came = lawful(printed)
    assert {row.schema for row in ROWS if not came[row]} == {"takt.gap.v1", "a number"}, "nothing was lost"
    for one in printed:
        if one.topic.endswith("/events"):
            body = json.loads(one.payload)
            assert (one.content_type, one.correlation) == ("application/json", body["action_id"])
            assert f"event_id:{body['event_id']}" in one.user.replace(" ", "")
            assert "traceparent" not in one.user

    late = Subscriber(broker.port, tmp_path, "--retained-only", "-W", "2").all()
    assert {one.topic for one in late} == {one.topic for one in printed if one.retained}
    assert all(lawful([one]) for one in late)


async def test_a_client_of_3_1_1_sees_the_same(tmp_path: Path, broker: Mosquitto) -> None:
    with Subscriber(broker.port, tmp_path, version="mqttv311") as client:
        async with blinking_service(tmp_path, broker) as (takt, _):
            await until(lambda: count(client, "takt/cam/cycles", '"completed"') >= 1, 60)
            assert await takt.stop() == 0
        await until(lambda: latest(client, "takt/service/service/status") == "offline")
        live = [replace(one, retained=not is_event(one.topic)) for one in client.printed]

    came = lawful(live)
    assert {row.schema for row in ROWS if not came[row]} == {"takt.gap.v1", "a number"}


@pytest.mark.full
@pytest.mark.timeout(LONG_S + 300)
async def test_every_message_of_a_long_run_is_what_the_page_says(tmp_path: Path, broker: Mosquitto) -> None:
    """The camera and the broker go away meanwhile, and come back."""
    with Subscriber(broker.port, tmp_path) as client:
        async with blinking_service(tmp_path, broker, mqtt=watched(broker), outbox={"replay_s": 60}) as (takt, camera):
            await until(lambda: count(client, "takt/cam/cycles", '"completed"') >= 2, 60)
            for _ in range(3):
                await asyncio.sleep(LONG_S / 6)
                camera.kill()
                await until(lambda: '"status":"offline"' in latest(client, "takt/cam/status"), 60)
                camera.start()
                await until(lambda: '"status":"online"' in latest(client, "takt/cam/status"), 60)
                broker.kill()
                await asyncio.sleep(LONG_S / 6)
                broker.start()
            publish(broker.port, "takt/command/cam/state", "")
            await until(lambda: '"status":"online"' in latest(client, "takt/cam/status"), 60)
            assert await takt.stop() == 0
        printed = [one for one in client.printed if "/command/" not in one.topic]

    came = lawful(printed)
    assert {row.schema for row in ROWS if not came[row]} <= {"takt.gap.v1"}
    assert sum(came.values()) > 10 * LONG_S / 6


def watched(broker: Mosquitto) -> Section:
    return {"url": f"mqtt://127.0.0.1:{broker.port}", "client_id": "service", "commands": True}


def is_event(topic: str) -> bool:
    return topic.rpartition("/")[2] in ("events", "steps", "cycles", "gaps")


def count(client: Subscriber, topic: str, text: str) -> int:
    return sum(one.topic == topic and text in one.payload for one in client.printed)


def latest(client: Subscriber, topic: str) -> str:
    return next((one.payload for one in reversed(client.printed) if one.topic == topic), "")
