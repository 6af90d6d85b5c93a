"""`takt run` while its configuration changes: real cameras, a real broker, a file as an editor writes it."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

pytestmark = pytest.mark.e2e


def last_status(consumer: Consumer, stream: str) -> bytes:
    return [payload for topic, payload in list(consumer.received) if topic == f"takt/{stream}/status"][-1]


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
