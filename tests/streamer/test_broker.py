"""What becomes of the broker's section."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from streamer.broker import build_broker, encoding_of, mqtt_options
from streamer.build import build_plan
from streamer.clock import SystemClock
from streamer.errors import ConfigError
from streamer.home_assistant.announcing import FILE
from streamer.metrics import Metrics
from streamer.plan import Plan, to_nobody
from streamer.settings import Mqtt, Settings, load
from streamer.sinks.encoding import PLAIN
from streamer.sinks.jsonl import JsonLinesSink
from streamer.sinks.mqtt import MqttSink
from streamer.stages import StreamStages
from streamer.testing.messages import message
from tests.streamer.plants import write_plant

CAMERA = '{kind: rtsp, url: "rtsp://cam/main"}'


def settings(folder: Path, more: str = "") -> Settings:
    return load(write_plant(folder, {"cam": CAMERA, "two": CAMERA}, more), {})


async def test_without_a_broker_events_are_lines_of_json(tmp_path: Path) -> None:
    async with build_broker(settings(tmp_path), SystemClock(), Metrics()).sink as sink:
        assert isinstance(sink, JsonLinesSink)


@pytest.mark.parametrize(
    ("url", "host", "port", "tls"),
    [
        ("mqtt://broker", "broker", 1883, False),
        ("mqtts://broker", "broker", 8883, True),
        ("mqtt://[::1]:7", "::1", 7, False),
        ("mqtts://broker:5/", "broker", 5, True),
    ],
)
def test_a_broker_is_where_its_address_says(url: str, host: str, port: int, tls: bool) -> None:
    options = mqtt_options(Mqtt(url=url))
    assert (options.host, options.port, options.tls) == (host, port, tls)


def test_a_broker_is_told_who_we_are(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret\n")
    options = mqtt_options(Mqtt(username="me", password_file=tmp_path / "word", client_id="one", prefix="plant/takt"))
    assert (options.username, options.password, options.client_id) == ("me", "secret", "one")
    assert options.prefix == "plant/takt"
    assert mqtt_options(Mqtt()).client_id == f"takt-{socket.gethostname()}"


def test_a_password_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "word").write_bytes(b"\xff")
    for file in (tmp_path / "word", tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match="password_file: cannot be read"):
            mqtt_options(Mqtt(password_file=file))


def test_events_are_plain_unless_another_encoding_is_asked_for() -> None:
    mqtt = Mqtt(client_id="line 1")
    assert encoding_of(mqtt, mqtt_options(mqtt)) is PLAIN
    encoding = encoding_of(mqtt.model_copy(update={"encoding": "cloudevents"}), mqtt_options(mqtt))
    assert encoding.content_type == "application/cloudevents+json"
    assert json.loads(encoding.write(message()))["source"] == "urn:takt:source:line%201/cam/bench"


def stages(folder: Path, more: str) -> tuple[Plan, list[StreamStages]]:
    plan = build_plan(settings(folder, more), SystemClock(), Metrics())
    return plan, [StreamStages(stream.id, stream.watches) for stream in plan.streams]


def test_home_assistant_is_told_of_watches_where_it_is_asked_for(tmp_path: Path) -> None:
    plan, streams = stages(tmp_path, "mqtt: {client_id: line1, home_assistant: {prefix: ha}}\n")
    plan.announce(streams)

    known = json.loads((tmp_path / "data" / FILE).read_text())
    assert list(known) == ["ha/device/takt_cam_bench/config", "ha/device/takt_two_bench/config"]
    watch = plan.streams[0].watches[0]
    for action in set(watch.labels) - {watch.background}:
        assert known["ha/device/takt_cam_bench/config"][f"doing_{action}"] == "binary_sensor"
    assert f"doing_{watch.background}" not in known["ha/device/takt_cam_bench/config"]


def test_home_assistant_forgets_watches_where_it_is_not_asked_for_any_more(tmp_path: Path) -> None:
    assert stages(tmp_path, "mqtt: {client_id: line1}\n")[0].announce is to_nobody
    plan, streams = stages(tmp_path, "mqtt: {client_id: line1, home_assistant: {}}\n")
    plan.announce(streams)

    plan, streams = stages(tmp_path, "mqtt: {client_id: line1}\n")

    plan.announce(streams)
    assert isinstance(plan.sink, MqttSink)
    assert {plan.sink._standing._values[topic] for topic in json.loads((tmp_path / "data" / FILE).read_text())} == {""}


def test_lines_of_json_are_announced_to_nobody(tmp_path: Path) -> None:
    assert stages(tmp_path, "")[0].announce is to_nobody


async def test_an_edge_node_is_told_of_watches_and_of_what_is_shown(tmp_path: Path) -> None:
    more = "mqtt: {client_id: line1, sparkplug: {group: Plant 1, edge_node: line-1}}\n"
    plan, streams = stages(tmp_path, more)
    plan.announce(streams)
    async with plan.sink as sink:
        assert isinstance(sink, MqttSink)
        assert sink._beside is not None
        node = sink._beside.__self__  # type: ignore[attr-defined]
        sink.state("cam/status", {"status": "online"})

        assert node._broker.client_id == "line1-sparkplug"
        births = node._node.born(0, 0)
    assert [packet.topic for packet in births] == ["spBv1.0/Plant 1/NBIRTH/line-1", "spBv1.0/Plant 1/DBIRTH/line-1/cam"]


@pytest.mark.parametrize("key", ["group", "edge_node", "primary_host"])
@pytest.mark.parametrize("word", ["a/b", "a+", "#", ""])
def test_a_name_that_is_no_level_of_a_topic_is_refused(tmp_path: Path, key: str, word: str) -> None:
    section = json.dumps({"group": "g", "edge_node": "n", key: word})
    with pytest.raises(ConfigError, match=rf"mqtt\.sparkplug\.{key}: must be one level of a topic"):
        settings(tmp_path, f"mqtt: {{sparkplug: {section}}}\n")


def test_the_library_that_is_missing_is_told_with_all_other_mistakes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "google.protobuf", None)
    with pytest.raises(ConfigError, match=r"mqtt\.sparkplug: needs google\.protobuf.*taktstream\[sparkplug\]"):
        settings(tmp_path, "mqtt: {sparkplug: {group: g, edge_node: n}}\n")
