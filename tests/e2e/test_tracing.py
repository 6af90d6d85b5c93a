"""Each message of a service belongs to a trace that a collector has as a whole, from the picture to the PUBACK."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest
from paho.mqtt.client import MQTTMessage

from streamer.testing.film import write_film
from streamer.testing.http_stub import HttpStub
from tests.collector import PRODUCER, Collected, collected
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run import blinking
from tests.ports import free_port

pytestmark = pytest.mark.e2e
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}
WHOLE = ["decode", "queue", "infer", "decide", "store", "wait", "publish cam/events"]


async def test_every_message_has_its_whole_trace_as_soon_as_there_is_a_collector(
    tmp_path: Path, broker: Mosquitto
) -> None:
    network = brightness(tmp_path / "net", replace(SPEC, hop_s=0.16))
    headers = tmp_path / "headers"
    headers.write_text("Authorization: Bearer of-the-collector\n")
    stub = HttpStub(status=lambda _: 200, port=free_port())
    tracing = {"otlp": f"http://127.0.0.1:{stub.port}/v1/traces", "headers_file": str(headers)}
    with (
        Listener(broker.port, "takt/cam/events") as listener,
        GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera,
    ):
        watches = [{"id": "light", "recognizer": "light", "events": AT_ONCE}]
        cam = rtsp("cam", camera.address("live")) | {"watches": watches, "sight": {"dark_below": 0, "frozen_s": 0}}
        async with Takt(tmp_path, broker.port, {"light": network}, [cam], tracing=tracing) as takt:
            await until(lambda: "traces cannot be sent" in takt.log, 60)
            before = len(listener.messages)
            async with stub.serving():
                await until(lambda: len(listener.messages) >= before + 3, 60)
                assert await takt.stop() == 0
            messages = list(listener.messages)

    traces = defaultdict(list)
    for span in collected(stub):
        traces[span.trace].append(span)
    assert before, "a collector that is away does not hold up events"
    for message in messages[before:]:
        whole(message, traces[user(message)["traceparent"].split("-")[1]])
    assert traces.keys() <= {json.loads(one.payload)["event_id"].replace("-", "") for one in messages}
    assert {one.headers["authorization"] for one in stub.posted} == {"Bearer of-the-collector"}
    assert (takt.log.count("traces cannot be sent"), takt.log.count("spans were lost")) == (1, 1)
    assert "of-the-collector" not in takt.log


def whole(message: MQTTMessage, spans: list[Collected]) -> None:
    """The trace of a message is as docs/tracing.md says."""
    body, (version, trace, parent, flags) = json.loads(message.payload), user(message)["traceparent"].split("-")
    (root,) = (span for span in spans if not span.parent)
    children = sorted((span for span in spans if span.parent), key=lambda span: (span.start_ns, span.end_ns))
    assert (version, trace, parent, flags) == ("00", body["event_id"].replace("-", ""), root.id, "01")
    assert {span.parent for span in children} == {root.id}
    names = {span.name for span in children}
    assert names == set(WHOLE) or (body.get("reason") == "shutdown" and names == set(WHOLE[3:]))
    # From the newest picture to the PUBACK, without a hole.
    assert root.start_ns / 1e9 == pytest.approx(datetime.fromisoformat(body["decided_at"]).timestamp(), abs=0.002)
    assert (children[0].start_ns, children[-1].end_ns) == (root.start_ns, root.end_ns)
    assert all(one.end_ns == following.start_ns for one, following in pairwise(children))
    assert 0 < (root.end_ns - root.start_ns) / 1e9 < 30
    publish = children[-1]
    assert publish.kind == PRODUCER
    assert publish.attributes["messaging.message.id"] == body["event_id"]
    assert root.attributes["takt.action"] == body["action"]
    assert root.attributes["takt.phase"] == body["phase"]


def user(message: MQTTMessage) -> dict[str, str]:
    return dict(message.properties.UserProperty)  # type: ignore[union-attr]
