"""`takt run` while cameras, the broker and the service itself die and come back."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from streamer.testing.film import write_film
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.disks import fill
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, always_bright, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until
from tests.e2e.test_run import blinking

pytestmark = pytest.mark.e2e


def killed(camera: GstServer) -> Callable[[], None]:
    camera.kill()
    return camera.start


def frozen(camera: GstServer) -> Callable[[], None]:
    """As by a network that swallows everything: the connection stays open."""
    os.kill(camera.pid, signal.SIGSTOP)
    return partial(os.kill, camera.pid, signal.SIGCONT)


@pytest.mark.parametrize(("lose", "reasons"), [(killed, {"eof", "protocol"}), (frozen, {"timeout"})])
async def test_a_lost_camera_ends_its_actions_and_comes_back_as_a_new_epoch(
    lose: Callable[[GstServer], Callable[[], None]],
    reasons: set[str],
    tmp_path: Path,
    broker: Mosquitto,
    consumer: Consumer,
) -> None:
    with GstServer({"live": film(tmp_path)}) as mortal, GstServer({"live": film(tmp_path)}) as other:
        streams = [
            rtsp("mortal", mortal.address("live"), open_timeout_s=1.0, read_timeout_s=2.0, stall_timeout_s=4.0),
            rtsp("other", other.address("live")),
        ]
        async with Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams) as takt:
            await until(lambda: consumer.events("mortal", "started") and consumer.events("other", "started"))
            revive = lose(mortal)
            # The end comes when the camera is lost, not when it is back.
            await until(lambda: consumer.events("mortal", "ended"))
            await until(lambda: reasons & {reason for _, reason in consumer.statuses("mortal")})
            assert not consumer.is_online("mortal")
            assert await takt.page("ready") == (200, "ok\n")
            revive()
            await until(lambda: len(consumer.events("mortal", "started")) == 2)
            assert consumer.is_online("mortal")
            assert await takt.stop() == 0

    await until(consumer.was_left)
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
    """Events go on while it is away: brightness begins and ends every two seconds."""
    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        async with Takt(tmp_path, broker.port, **light(tmp_path, camera)) as takt:
            await until(lambda: consumer.events("cam", "ended"))
            broker.kill()
            before = await takt.metric("takt_events_accepted_total")
            await until(partial(waiting, takt, "takt_outbox_events", 3))
            assert await takt.page("ready") == (200, "ok\n")
            assert await takt.metric("takt_mqtt_connected") == 0
            broker.start()
            await until(lambda: len(consumer.events("cam")) >= before + 3)
            assert await takt.stop() == 0
            await until(lambda: consumer.statuses("cam")[-1] == ("offline", "shutdown"))

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert len({event["term"] for event in consumer.events("cam")}) == 1


async def test_events_wait_in_memory_while_the_disk_is_full(
    tmp_path: Path, small_disk: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """Nothing is lost when there is room again; and a full disk does not keep the service from leaving."""
    sections = {"data_dir": str(small_disk / "data"), "outbox": {"budget_mib": 1}, "shutdown": {"grace_s": 0.5}}
    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        async with Takt(tmp_path, broker.port, **light(tmp_path, camera), **sections) as takt:
            await until(lambda: consumer.events("cam", "ended"))
            other = fill(small_disk)
            before = len(consumer.events("cam"))
            await until(partial(waiting, takt, "takt_events_total", before + 2))
            assert "disk is full" in takt.log
            assert len(consumer.events("cam")) == before
            other.unlink()
            await until(lambda: len(consumer.events("cam")) >= before + 2)
            assert await takt.metric("takt_events_lost_total") == 0
            assert_lawful(consumer.payloads(), all_ended=False)

            fill(small_disk)
            decided = await takt.metric("takt_events_total")
            await until(partial(waiting, takt, "takt_events_total", decided + 1))
            assert await takt.stop(15) == 0
    assert "events are not stored" in takt.log
    assert_lawful(consumer.payloads(), all_ended=False)


def light(folder: Path, camera: GstServer) -> dict[str, Any]:
    """One camera, its left half looked at by the network that knows brightness."""
    stream = rtsp("cam", camera.address("live"), "light")
    stream["watches"][0]["region"] = [0, 0, 0.5, 1]
    return {"networks": {"light": brightness(folder / "net", replace(SPEC, hop_s=0.2))}, "streams": [stream]}


async def waiting(takt: Takt, metric: str, count: float) -> bool:
    return await takt.metric(metric) >= count


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

    await until(consumer.was_left)
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
            assert "1 messages for main are left in the outbox" in takt.log
            broker.start()
            await takt.start()
            await until(lambda: len(consumer.events("cam", "started")) == 2)
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert [end["reason"] for end in consumer.events("cam", "ended")] == ["shutdown", "shutdown"]


async def test_a_second_signal_leaves_at_once_and_loses_nothing(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    with GstServer({"live": film(tmp_path)}) as camera:
        streams = [rtsp("cam", camera.address("live"))]
        networks = {"constant": always_bright(tmp_path / "net")}
        async with Takt(tmp_path, broker.port, networks, streams, shutdown={"grace_s": 600}) as takt:
            await until(lambda: consumer.events("cam", "started"))
            broker.kill()
            takt.send(signal.SIGTERM)
            await until(lambda: "a second signal leaves at once" in takt.log)
            assert await takt.stop(5) == 128 + signal.SIGTERM
            broker.start()
            await takt.start()
            await until(lambda: len(consumer.events("cam", "started")) == 2)
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    # Whether the end was stored before the second signal or found missing at the next start, there is one.
    assert consumer.events("cam", "ended")[0]["reason"] in ("shutdown", "interrupted")
