"""`takt run` while cameras, the broker and the service itself die and come back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streamer.testing.film import write_film
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, always_bright, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run import blinking

pytestmark = pytest.mark.e2e


async def test_a_killed_camera_ends_its_actions_and_comes_back_as_a_new_epoch(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as mortal, GstServer({"live": film(tmp_path)}) as other:
        streams = [rtsp("mortal", mortal.address("live")), rtsp("other", other.address("live"))]
        async with Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams) as takt:
            await until(lambda: consumer.events("mortal", "started") and consumer.events("other", "started"))
            mortal.kill()
            # The end comes when the camera is lost, not when it is back.
            await until(lambda: consumer.events("mortal", "ended"))
            await until(lambda: ("offline", "refused") in consumer.statuses("mortal"))
            assert not consumer.is_online("mortal")
            assert await takt.page("ready") == (200, "ok\n")
            mortal.start()
            await until(lambda: len(consumer.events("mortal", "started")) == 2)
            assert consumer.is_online("mortal")
            assert await takt.stop() == 0

    assert_lawful(consumer.payloads(), all_ended=True)
    first, second = consumer.events("mortal", "ended")
    assert (first["reason"], second["reason"]) == ("source_lost", "shutdown")
    assert second["epoch"] > first["epoch"]
    # The neighbour has noticed nothing.
    assert [event["reason"] for event in consumer.events("other", "ended")] == ["shutdown"]
    assert [status for status, _ in consumer.statuses("other")].count("online") == 1


async def test_a_killed_broker_gets_everything_when_it_is_back(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """Events go on while it is away: each start and end by brightness, two seconds apart."""
    networks = {"light": brightness(tmp_path / "net", replace(SPEC, hop_s=0.2))}
    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        stream = rtsp("cam", camera.address("live"), "light")
        stream["watches"][0] |= {"region": [0, 0, 0.5, 1]}
        async with Takt(tmp_path, broker.port, networks, [stream]) as takt:
            await until(lambda: consumer.events("cam", "ended"))
            broker.kill()
            before = await takt.metric("takt_events_accepted_total")

            async def three_more() -> bool:
                return await takt.metric("takt_events_accepted_total") >= before + 3

            await until(three_more)
            assert await takt.page("ready") == (200, "ok\n")
            assert await takt.metric("takt_mqtt_connected") == 0
            assert await takt.metric("takt_outbox_events") >= 3
            broker.start()
            await until(lambda: len(consumer.events("cam")) >= before + 3)
            assert await takt.stop() == 0
            assert consumer.statuses("cam")[-1] == ("offline", "shutdown")

    assert_lawful(consumer.payloads(), all_ended=True)
    assert len({event["term"] for event in consumer.events("cam")}) == 1


async def test_a_killed_service_ends_what_was_open_at_its_next_start(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = [rtsp("cam", camera.address("live"), "one", "two")]
        networks = {name: always_bright(tmp_path / name) for name in ("one", "two")}
        async with Takt(tmp_path, broker.port, networks, streams) as takt:
            await until(lambda: len(consumer.events("cam", "started")) == 2)
            await takt.kill()
            # The broker says what the service cannot say any more.
            await until(lambda: ("takt/service/service/status", b"offline") in consumer.received)
            await takt.start()
            await until(lambda: len(consumer.events("cam", "started")) == 4)
            assert await takt.stop() == 0

    assert_lawful(consumer.payloads(), all_ended=True)
    ends = consumer.events("cam", "ended")
    assert sorted(end["reason"] for end in ends) == ["interrupted", "interrupted", "shutdown", "shutdown"]
    epochs = {end["reason"]: end["epoch"] for end in ends}
    assert epochs["shutdown"] > epochs["interrupted"]


async def test_sigterm_without_a_broker_keeps_the_events_for_the_next_start(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """The grace is over before the broker is back: exit code 0, and nothing is lost."""
    grace = {"shutdown": {"grace_s": 0.5}}
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = [rtsp("cam", camera.address("live"))]
        networks = {"constant": always_bright(tmp_path / "net")}
        async with Takt(tmp_path, broker.port, networks, streams, **grace) as takt:
            await until(lambda: consumer.events("cam", "started"))
            broker.kill()
            assert await takt.stop(10) == 0
            assert "1 messages are left in the outbox" in takt.log
            broker.start()
            await takt.start()
            await until(lambda: len(consumer.events("cam", "started")) == 2)
            assert await takt.stop() == 0

    assert_lawful(consumer.payloads(), all_ended=True)
    assert [end["reason"] for end in consumer.events("cam", "ended")] == ["shutdown", "shutdown"]
