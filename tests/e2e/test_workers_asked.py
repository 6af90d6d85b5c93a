"""`takt run` with several workers does what one can do: real cameras, a real broker, and a death between."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from streamer.testing.peers import DrawnTrack
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, brightness
from tests.e2e.processes import GstServer
from tests.e2e.publisher import ask, publishing
from tests.e2e.takt import Section, Takt, until
from tests.e2e.test_evidence import AT_ONCE, film
from tests.e2e.test_live import fetched, watched
from tests.e2e.test_run_changes import asked
from tests.e2e.test_whip import TOKEN, blinking
from tests.e2e.test_workers import placed, process_of

pytestmark = pytest.mark.e2e

LIGHT = replace(SPEC, hop_s=0.16)
WATCH = {"id": "light", "recognizer": "light", "events": AT_ONCE}
CONFIG = "homeassistant/device/takt_{}_light/config"


def camera(name: str, url: str) -> Section:
    return {"id": name, "source": {"kind": "rtsp", "url": url}, "watches": [WATCH]}


def plant(folder: Path) -> dict[str, object]:
    return {
        "workers": 2,
        "evidence": {"actions": ["all"], "before_s": 0.5, "after_s": 0.5},
        "labels": {"folder": str(folder / "labels"), "back_s": 5},
        "hard_examples": {"folder": str(folder / "hard"), "below": 1.0, "per_hour": 3600},
        "sinks": [{"id": "lines", "kind": "jsonl", "file": str(folder / "events.jsonl")}],
        "recognizers": {"light": {"checkpoint": str(brightness(folder / "first.safetensors", LIGHT))}},
    }


def mqtt(port: int) -> dict[str, object]:
    more = {"home_assistant": {}, "sparkplug": {"group": "g", "edge_node": "line"}, "commands": True}
    return {"url": f"mqtt://127.0.0.1:{port}", "client_id": "service", **more}


def command(desk: Listener, topic: str) -> None:
    said = Properties(PacketTypes.PUBLISH)
    said.ResponseTopic, said.CorrelationData = "desk/answers", topic.encode()
    desk._client.publish(f"takt/command/{topic}", b"", 1, properties=said).wait_for_publish(10)


def answers(desk: Listener) -> dict[str, list[bool]]:
    """What was asked, and whether it was taken, by each that answered."""
    found: dict[str, list[bool]] = {}
    for one in desk.on("desk/answers"):
        found.setdefault(bytes(one.properties.CorrelationData).decode(), []).append(json.loads(one.payload)["taken"])
    return found


async def seen(takt: Takt, stream: str) -> None:
    """A picture as it is now, and moving ones."""
    api = takt.url("api")
    _, picture = await asyncio.to_thread(fetched, f"{api}/streams/{stream}/snapshot.jpg?width=160")
    assert picture.startswith(b"\xff\xd8")
    moving = await asyncio.to_thread(watched, f"{api}/streams/{stream}/live.mjpeg?width=160&fps=10", 3)
    assert len(moving) == 3
    assert all(one.startswith(b"\xff\xd8") for one in moving)


async def labelled(takt: Takt, *streams: str) -> None:
    said = {"label": "bright", "before_s": 1, "after_s": 0.5}
    marked = [await asked(takt, "/labels", "POST", {"stream": stream, **said}) for stream in streams]
    assert [status for status, _ in marked] == [201] * len(streams), marked
    _, listed = await asked(takt, "/labels")
    assert {one["stream"] for one in listed["labels"]} == {*streams}
    await asked(takt, f"/labels/{listed['labels'][0]['id']}", "DELETE")
    assert len((await asked(takt, "/labels"))[1]["labels"]) == len(streams) - 1


async def there(event: dict[str, Any]) -> bytes:
    """The clip of an event, once it is kept."""

    async def clip() -> bytes:
        status, _ = got = await asyncio.to_thread(fetched, event["evidence"]["clip"], "GET", None, (404,))
        return got[1] if status == 200 else b""

    return await until(clip)


async def promoted(takt: Takt, consumer: Consumer, checkpoint: Path, workers: int) -> str:
    """In all workers; the new network's id."""
    told = await takt.promote("light", "--checkpoint", str(checkpoint))
    assert told["workers"] == workers, told
    await until(lambda: all(consumer.events(name)[-1]["model"] == told["model"] for name in ("a", "b")))
    _, models = await asked(takt, "/models")
    assert [(one["name"], one["id"]) for one in models["models"]] == [("light", told["model"])]
    return str(told["model"])


async def published(takt: Takt, consumer: Consumer) -> None:
    """By WHIP, to the worker that has the stream."""
    url = takt.url("publish")
    async with publishing(f"{url}hand", TOKEN, DrawnTrack(blinking)) as (_, session):
        await until(lambda: consumer.events("hand", "started"))
        assert (await asyncio.to_thread(ask, session, "DELETE", b"", TOKEN))[0] == 200
    assert (await asyncio.to_thread(ask, f"{url}nobody", "POST", b"", "wrong"))[0] == 401


async def test_what_one_worker_can_do_several_can(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    second = brightness(tmp_path / "second.safetensors", replace(LIGHT, short_side_px=31))
    with ExitStack() as stack:
        url = stack.enter_context(GstServer({"live": film(tmp_path)})).address("live")
        desk = stack.enter_context(Listener(broker.port, "desk/answers", "homeassistant/#", "spBv1.0/#", name="desk"))
        hand = {"id": "hand", "source": {"kind": "whip", "token": TOKEN}, "watches": [WATCH]}
        streams = [camera("a", url), camera("b", url), hand]
        async with Takt(tmp_path, broker.port, {}, streams, mqtt=mqtt(broker.port), **plant(tmp_path)) as takt:
            await until(lambda: all(consumer.events(name, "ended") for name in ("a", "b")), 90)
            where = await placed(takt)
            assert where["a"] != where["b"]
            for name in ("a", "b"):
                await seen(takt, name)
            await labelled(takt, "a", "b")
            for topic in ("a/state", "b/state", "service/state", "nobody/state"):
                command(desk, topic)
            await until(lambda: len(answers(desk)) == 4)
            model = await promoted(takt, consumer, second, workers=2)
            await published(takt, consumer)

            before = consumer.events("a", "started")[-1]
            await there(before)
            os.kill(process_of(takt, where["a"]), signal.SIGKILL)
            await until(lambda: consumer.events("a", "started")[-1]["epoch"] > before["epoch"], 60)
            assert await there(before), "who kept it is dead"
            assert consumer.events("a")[-1]["model"] == model, "it holds for whoever takes over"
            await seen(takt, "a")
            assert (await asked(takt, "/streams/a", "PUT", {**camera("a", url), "priority": 3}))[0] == 200
            assert await takt.stop() == 0
    assert_lawful(consumer.payloads(), all_ended=True)
    assert_told(desk)
    lines = [json.loads(line) for n in "01" for line in (tmp_path / f"events-{n}.jsonl").read_text().splitlines()]
    assert {one["payload"]["event_id"] for one in lines} == {one["event_id"] for one in consumer.payloads()}
    hard = [json.loads(line) for line in (tmp_path / "hard" / "unlabelled.jsonl").read_text().splitlines()]
    assert {one["stream"] for one in hard} >= {"a", "b"}


def assert_told(desk: Listener) -> None:
    """Who commands is answered once; devices stand where they moved to; each worker is an edge node."""
    assert answers(desk) == {"a/state": [True], "b/state": [True], "service/state": [True], "nobody/state": [False]}
    devices = {name: json.loads(desk.on(CONFIG.format(name))[-1].payload) for name in ("a", "b", "hand")}
    assert {one["avty"][0]["t"] for one in devices.values()} <= {f"takt/service/service-{n}/status" for n in "01"}
    births = {one.topic for one in desk.messages if "/DBIRTH/" in one.topic}
    assert {topic.split("/")[3] for topic in births} == {"line-0", "line-1"}
