"""`takt run` with all integrations on at once, at a real broker: one camera, seen in every form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jsonschema import Draft202012Validator
from paho.mqtt.client import MQTTMessage

from recognizers.clip import Picture
from streamer.testing.film import write_film
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import START_S, Takt, rtsp
from tests.streamer.home_assistant.documented import faults
from tests.streamer.sinks.sparkplug.decoding import Decoded, decoded

pytestmark = pytest.mark.e2e

ENVELOPE = json.loads((Path(__file__).parents[2] / "config/schema/cloudevent.v1.json").read_text())
DEVICE = "homeassistant/device/takt_cam_light/config"
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}


class Everything(Listener):
    """Whoever hears it all."""

    def __init__(self, port: int) -> None:
        super().__init__(port, "#", name="everything")

    async def until(self, found: Callable[[], object], timeout_s: float = START_S) -> None:
        await asyncio.to_thread(self.wait, lambda _: found(), timeout_s)

    def documents(self, topic: str) -> list[dict[str, Any]]:
        return [json.loads(message.payload) for message in self.on(topic)]

    def sparkplug(self, kind: str) -> list[Decoded]:
        messages = [one for one in list(self.messages) if one.topic.startswith(f"spBv1.0/Plant/{kind}/line1")]
        return [decoded(bytes(message.payload)) for message in messages]


def blinking() -> Iterator[Picture]:
    """Two seconds bright, two seconds dark."""
    for grey in (230, 20):
        yield from [np.full((180, 320, 3), grey, np.uint8)] * 50


def service(folder: Path, broker: Mosquitto, camera: GstServer, **integrations: object) -> Takt:
    network = brightness(folder / "net", replace(SPEC, hop_s=0.16))
    watch = {"id": "light", "recognizer": "light", "events": AT_ONCE}
    stream = rtsp("cam", camera.address("live")) | {"watches": [watch]}
    mqtt = {"url": f"mqtt://127.0.0.1:{broker.port}", "client_id": "service", **integrations}
    return Takt(folder, 0, {"light": network}, [stream], mqtt=mqtt)


async def test_one_camera_is_seen_in_every_form(tmp_path: Path, broker: Mosquitto) -> None:
    on = {"encoding": "cloudevents", "home_assistant": {}, "sparkplug": {"group": "Plant", "edge_node": "line1"}}
    with (
        GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera,
        Everything(broker.port) as all_,
    ):
        takt = service(tmp_path, broker, camera, **on)
        async with takt:
            await all_.until(lambda: len(all_.on("takt/cam/events")) >= 6)
            await all_.until(lambda: len(all_.sparkplug("DDATA")) >= 6)
            await takt.kill()
        await all_.until(lambda: all_.sparkplug("NDEATH"))
        async with takt:
            await all_.until(lambda: len(all_.sparkplug("DBIRTH")) >= 2)
            assert await takt.stop() == 0
        await all_.until(lambda: len(all_.sparkplug("NDEATH")) == 2)
        assert [one.values["bdSeq"] for one in all_.sparkplug("NDEATH")] == [0, 1]
        assert_cloudevents(all_.on("takt/cam/events"))
        assert_home_assistant(all_)
        assert_sparkplug(all_)

        # Nobody asks for devices any more.
        async with service(tmp_path, broker, camera):
            await all_.until(lambda: all_.on(DEVICE)[-1].payload == b"")


def assert_cloudevents(messages: list[MQTTMessage]) -> None:
    for message in messages:
        Draft202012Validator(ENVELOPE).validate(json.loads(message.payload))
        assert JSONFormat().read(CloudEvent, message.payload).get_source() == "urn:takt:source:service/cam/light"
        assert message.properties is not None
        assert message.properties.ContentType == "application/cloudevents+json"


def assert_home_assistant(all_: Everything) -> None:
    """What Home Assistant would show is what happened."""
    payload = all_.documents(DEVICE)[0]
    assert list(faults(DEVICE, payload)) == []
    (doing,) = (one for key, one in payload["cmps"].items() if key.startswith("doing_"))
    lit = [rendered(doing["val_tpl"], state) for state in all_.documents(doing["stat_t"])]
    assert {"ON", "OFF"} == set(lit)
    event = payload["cmps"]["actions"]
    kinds = [json.loads(rendered(event["val_tpl"], one))["event_type"] for one in all_.documents(event["stat_t"])]
    assert set(kinds) == {f"{doing['name']} started", f"{doing['name']} ended"} <= set(event["evt_typ"])
    service, stream = payload["avty"]
    assert [bytes(message.payload) for message in all_.on(service["t"])][:2] == [b"online", b"offline"]
    there = [rendered(stream["val_tpl"], status) for status in all_.documents(stream["t"])]
    assert (there[-1], "online" in there) == ("offline", True)


def assert_sparkplug(all_: Everything) -> None:
    expected = None
    births = all_.sparkplug("NBIRTH")
    assert [birth.values["bdSeq"] for birth in births] == [0, 1]
    metrics = set(all_.sparkplug("DBIRTH")[0].values)
    values = [one.values for one in all_.sparkplug("DDATA")]
    assert {name for one in values for name in one} <= metrics
    assert {one["light/Open"] for one in values if "light/Open" in one} == {0, 1}
    for message in list(all_.messages):
        kind = message.topic.split("/")[2] if message.topic.startswith("spBv1.0/") else ""
        if kind in ("NBIRTH", "DBIRTH", "DDATA", "DDEATH"):
            expected = 0 if kind == "NBIRTH" or expected is None else (expected + 1) % 256
            assert decoded(bytes(message.payload)).seq == expected


def rendered(template: str, document: dict[str, Any]) -> str:
    return ImmutableSandboxedEnvironment().from_string(template).render(value_json=document).strip()
