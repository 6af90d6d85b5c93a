"""`takt run` while its streams change, by its file and by its API: real cameras, a real broker."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_live import fetched

pytestmark = pytest.mark.e2e


def last_status(consumer: Consumer, stream: str) -> bytes:
    return [payload for topic, payload in list(consumer.received) if topic == f"takt/{stream}/status"][-1]


async def asked(
    takt: Takt, what: str, method: str = "GET", body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]]:
    """What the API answers, mistakes too."""
    url = f"{takt.url('api')}{what}"
    status, answer = await asyncio.to_thread(fetched, url, method, body, (404, 409, 422))
    return status, json.loads(answer or b"{}")


async def test_a_changed_file_is_applied_and_what_did_not_change_goes_on(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        url = camera.address("live")
        networks = {"constant": always_bright(tmp_path / "net")}
        async with Takt(tmp_path, broker.port, networks, [rtsp("stays", url), rtsp("goes", url)]) as takt:
            await until(lambda: all(consumer.events(name, "started") for name in ("stays", "goes")))

            takt.change(streams=[rtsp("stays", url), rtsp("comes", url)])
            await until(lambda: consumer.events("comes", "started"))
            await until(lambda: last_status(consumer, "goes") == b"")
            assert [one["reason"] for one in consumer.events("goes", "ended")] == ["removed"]
            assert await takt.metric("takt_frames_decoded_total", stream="goes") == 0

            takt.change("streams: [")
            await until(lambda: "is not YAML" in takt.log)
            takt.send(signal.SIGHUP)
            await until(lambda: takt.log.count("is not YAML") == 2)
            assert "what runs goes on" in takt.log
            assert consumer.is_online("comes")

            takt.change(streams=[rtsp("stays", url), rtsp("comes", url, transport="udp")], shutdown={"grace_s": 5})
            await until(lambda: len(consumer.events("comes", "started")) == 2)
            assert "shutdown: what is different there takes effect at the next start" in takt.log
            (started,) = consumer.events("stays")
            assert await takt.metric("takt_clips_shed_total", stream="stays", reason="epoch") == 0
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert [one["epoch"] for one in consumer.events("stays")] == [started["epoch"]] * 2
    assert [one["reason"] for one in consumer.events("comes", "ended")] == ["changed", "shutdown"]


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_service_can_begin_without_streams_and_outlives_its_last_recording(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer, workers: int
) -> None:
    networks = {"constant": always_bright(tmp_path / "net")}
    clip = {**rtsp("clip", "unused"), "source": {"kind": "file", "path": str(film(tmp_path))}}
    async with Takt(tmp_path, broker.port, networks, [], workers=workers) as takt:

        async def ready() -> bool:
            return (await takt.page("ready"))[0] == 200

        await until(ready)
        assert (await asked(takt, "/streams"))[1]["streams"] == []
        assert (await asked(takt, "/streams", "POST", clip))[0] == 201
        await until(lambda: consumer.events("clip", "ended"))
        assert (await asked(takt, "/streams/clip"))[1]["state"] == "ended"
        assert await takt.stop() == 0


async def test_streams_come_and_go_by_the_api_and_are_kept_if_asked(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        url = camera.address("live").replace("rtsp://", "rtsp://me:C4N4RY@")
        networks = {"constant": always_bright(tmp_path / "net"), "other": always_bright(tmp_path / "other")}
        takt = Takt(tmp_path, broker.port, networks, [rtsp("stays", camera.address("live"))])
        async with takt:
            await until(lambda: consumer.is_online("stays"))
            status, view = await asked(takt, "/streams?persist=true", "POST", rtsp("kept", url, "other"))
            assert (status, view["id"], view["origin"]) == (201, "kept", "api")
            assert (await asked(takt, "/streams", "POST", rtsp("brief", url)))[0] == 201
            await until(lambda: all(consumer.events(name, "started") for name in ("stays", "kept", "brief")))
            assert {one["name"] for one in (await asked(takt, "/models"))[1]["models"]} == {"constant", "other"}

            assert (await asked(takt, "/streams", "POST", rtsp("stays", url)))[0] == 409
            status, problem = await asked(takt, "/streams", "POST", rtsp("wrong", url, "nothing"))
            assert (status, len(problem["mistakes"])) == (422, 1)
            assert "watches.0.recognizer: is no key of `recognizers`" in problem["mistakes"][0]

            assert (await asked(takt, "/streams/kept/stop", "POST"))[1]["state"] == "stopped"
            await until(lambda: consumer.statuses("kept")[-1] == ("offline", "stopped"))
            assert (await asked(takt, "/streams/brief", "DELETE"))[0] == 204
            assert (await asked(takt, "/streams/brief"))[0] == 404
            assert [one["id"] for one in (await asked(takt, "/streams"))[1]["streams"]] == ["stays", "kept"]
            assert (await asked(takt, "/streams/kept/start", "POST"))[0] == 200
            await until(lambda: len(consumer.events("kept", "started")) == 2)
            assert len(consumer.events("stays")) == 1
            assert await takt.stop() == 0

        async with takt:
            await until(lambda: len(consumer.events("kept", "started")) == 3)
            assert (await asked(takt, "/streams/kept"))[1]["origin"] == "api"
            assert await takt.stop() == 0
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert [one["reason"] for one in consumer.events("brief", "ended")] == ["removed"]
    assert [one["reason"] for one in consumer.events("kept", "ended")] == ["stopped", "shutdown", "shutdown"]
    assert "C4N4RY" not in takt.log
