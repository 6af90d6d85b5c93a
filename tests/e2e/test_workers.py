"""`takt run` with several workers: real cameras, a real broker, and a worker that is killed and one that is frozen."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run_changes import asked

pytestmark = pytest.mark.e2e

CAMERAS = ("a", "b", "c", "d")
TAKEN_OVER_S = 5.0


def process_of(takt: Takt, worker: str) -> int:
    """The newest process of a worker."""
    return int(re.findall(rf"worker {worker} takes streams \(process (\d+)\)", takt.log)[-1])


async def placed(takt: Takt) -> dict[str, str]:
    """The worker of each stream that decodes pictures."""
    samples = await takt.samples()
    return {
        one.labels["stream"]: one.labels["worker"]
        for one in samples
        if one.name == "takt_stream_state" and one.labels["state"] == "live" and one.value == 1
    }


async def test_a_worker_that_is_killed_costs_its_streams_seconds_and_nobody_else_anything(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        url = camera.address("live")
        streams = [rtsp(name, url) for name in CAMERAS]
        async with Takt(
            tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams, workers=2
        ) as takt:
            await until(lambda: all(consumer.events(name, "started") for name in CAMERAS), 90)
            before = await placed(takt)
            assert sorted(before.values()) == ["0", "0", "1", "1"]
            epochs = {name: consumer.events(name, "started")[-1]["epoch"] for name in CAMERAS}

            os.kill(process_of(takt, "0"), signal.SIGKILL)
            killed_s = time.monotonic()
            lost = [name for name, worker in before.items() if worker == "0"]
            await until(lambda: all(len(consumer.events(name, "started")) == 2 for name in lost), 60)
            took_s = time.monotonic() - killed_s
            assert await placed(takt) == dict.fromkeys(CAMERAS, "1")
            assert [one["reason"] for name in lost for one in consumer.events(name, "ended")] == ["interrupted"] * 2
            await until(lambda: takt.log.count("worker 0 takes streams") == 2, 60)
            assert await takt.metric("takt_worker_restarts_total", slot="0", reason="crash") == 1

            _, health = await asked(takt, "/health")
            _, listed = await asked(takt, "/streams")
            _, happened = await asked(takt, "/events?type=action")
            assert health["ready"]
            assert {one["id"]: one["state"] for one in listed["streams"]} == dict.fromkeys(CAMERAS, "live")
            assert len(happened["events"]) == len(consumer.events("a") + consumer.events("b")) + len(
                consumer.events("c") + consumer.events("d")
            )
            assert await takt.stop() == 0

    assert_lawful(consumer.payloads(), all_ended=True)
    for name in set(CAMERAS) - set(lost):
        assert [one["epoch"] for one in consumer.events(name)] == [epochs[name]] * 2, "it was not touched"
    print(f"taken over within {took_s:.1f} s")
    assert took_s < TAKEN_OVER_S


async def test_a_worker_that_hangs_is_killed_and_streams_come_and_go(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        url = camera.address("live")
        networks = {"constant": always_bright(tmp_path / "net")}
        async with Takt(tmp_path, broker.port, networks, [rtsp("a", url), rtsp("b", url)], workers=2) as takt:
            await until(lambda: all(consumer.events(name, "started") for name in ("a", "b")), 90)
            status, told = await asked(takt, "/streams", "POST", rtsp("c", url))
            assert (status, told["origin"]) == (201, "api")
            await until(lambda: consumer.events("c", "started"))
            takt.change(streams=[rtsp("a", url), rtsp("d", url)])
            await until(lambda: consumer.events("d", "started"))
            assert [one["reason"] for one in consumer.events("b", "ended")] == ["removed"]
            assert (await asked(takt, "/streams/c/stop", "POST"))[1]["state"] == "stopped"

            worker = (await placed(takt))["a"]
            os.kill(process_of(takt, worker), signal.SIGSTOP)
            await until(lambda: len(consumer.events("a", "started")) == 2, 60)
            assert await takt.metric("takt_worker_restarts_total", slot=worker, reason="loop") == 1
            _, listed = await asked(takt, "/streams")
            states = {one["id"]: one["state"] for one in listed["streams"]}
            assert states == {"a": "live", "c": "stopped", "d": "live"}
            other = "01".replace(worker, "")  # as systemd does, which stops all processes of a service at once
            os.kill(process_of(takt, other), signal.SIGTERM)
            assert await takt.stop() == 0
            await until(lambda: [one["reason"] for one in consumer.events("d", "ended")] == ["shutdown"])
    assert_lawful(consumer.payloads(), all_ended=True)
    await asyncio.sleep(0)
