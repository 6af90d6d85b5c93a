"""`takt run` over real RTSP servers and a real broker: what it sees, what it says, at which rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np
import pytest

from recognizers.clip import Picture
from streamer.testing.film import write_film
from tests.e2e.consumer import Body, Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, always_bright, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

pytestmark = pytest.mark.e2e
CLIPS_PER_S = 1 / SPEC.hop_s
FRAMES, CUT, RECOGNIZED = "takt_frames_decoded_total", "takt_clips_cut_total", "takt_clips_recognized_total"


async def test_cameras_over_tcp_udp_and_with_a_login_are_watched_until_sigterm(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    login = tmp_path / "login"
    login.write_text("viewer:p@ss/word")
    names = ["tcp", "udp", "login"]
    with (
        GstServer({"live": film(tmp_path)}) as open_,
        GstServer({"live": film(tmp_path)}, "viewer", "p@ss/word") as guarded,
    ):
        streams = [
            rtsp("tcp", open_.address("live")),
            rtsp("udp", open_.address("live"), transport="udp"),
            rtsp("login", guarded.address("live"), credentials_file=str(login)),
        ]
        async with Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams) as takt:
            await until(lambda: all(consumer.is_online(name) for name in names))
            assert await takt.page("ready") == (200, "ok\n")
            assert await takt.page("live") == (200, "ok\n")
            clips = dict.fromkeys(names, CLIPS_PER_S)
            await takt.reaches({FRAMES: dict.fromkeys(names, 25), CUT: clips, RECOGNIZED: clips})
            await until(lambda: all(consumer.events(name, "started") for name in names))

            assert await takt.stop() == 0

    await until(lambda: all(consumer.statuses(name)[-1] == ("offline", "shutdown") for name in names))
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    for name in names:
        (started,), (ended,) = consumer.events(name, "started"), consumer.events(name, "ended")
        assert started["score"] == ended["score"] == 0.9
        assert ended["reason"] == "shutdown"
        assert ended["duration_s"] > 4


def halves(left: int, right: int) -> Picture:
    """320 x 180 pixels, each half of one grey."""
    picture = np.empty((180, 320, 3), np.uint8)
    picture[:, :160], picture[:, 160:] = left, right
    return picture


def blinking() -> Iterator[Picture]:
    """Two seconds bright on the left and dark on the right, then two seconds the other way round."""
    yield from [halves(230, 20)] * 50
    yield from [halves(20, 230)] * 50


async def test_events_follow_the_pictures_of_their_region(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """Start, end and duration come from pixels: two watches see the two halves of one camera, which take turns."""
    network = brightness(tmp_path / "net", replace(SPEC, hop_s=0.16))
    at_once = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}
    watches = [
        {"id": "left", "recognizer": "light", "region": [0, 0, 0.5, 1], "events": at_once},
        {"id": "right", "recognizer": "light", "region": [0.5, 0, 1, 1], "events": at_once},
    ]
    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        streams = [rtsp("cam", camera.address("live")) | {"watches": watches}]
        async with Takt(tmp_path, broker.port, {"light": network}, streams) as takt:
            await until(lambda: all(len(consumer.events("cam", "ended", side)) >= 3 for side in ("left", "right")))
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    ended = sorted(consumer.events("cam", "ended"), key=lambda event: str(event["started_at"]))
    whole = [event for event in ended[1:] if event["reason"] == "completed"]
    assert len(whole) >= 5
    # A clip counts as bright from 0.56 s after the light went on until 0.56 s after it went off; there is one every
    # 0.16 s, and a busy machine leaves some out.
    assert median(event["duration_s"] for event in whole) == pytest.approx(2.0, abs=0.25)
    for event in whole:
        assert event["duration_s"] == pytest.approx(2.0, abs=0.7)
        assert event["score"] > 0.7
    for one, other in pairwise(whole):
        assert {one["watch"], other["watch"]} == {"left", "right"}
        apart = datetime.fromisoformat(other["started_at"]) - datetime.fromisoformat(one["started_at"])
        assert apart.total_seconds() == pytest.approx(2.0, abs=0.7)


async def test_odd_cameras_are_watched_like_any_other(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    """B-frames, H.265, 60 pictures a second, portrait, tiny: with a soundtrack beside each; one network for all."""
    films = {
        "bframes": film(tmp_path, tune="film", bf="3"),
        "h265": film(tmp_path, codec="libx265", **{"x265-params": "log-level=none"}),
        "fast": film(tmp_path, 60),
        "portrait": film(tmp_path, size=(180, 320)),
        "tiny": film(tmp_path, size=(64, 48)),
    }
    with GstServer(films, sound=True) as server:
        streams = [rtsp(name, server.address(name)) for name in films]
        async with Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams) as takt:
            await until(lambda: all(consumer.events(name, "started") for name in films))
            frames = dict.fromkeys(films, 25) | {"fast": 60}
            await takt.reaches({FRAMES: frames, RECOGNIZED: dict.fromkeys(films, CLIPS_PER_S)})
            out_of_time = {
                (one.labels["stream"], one.labels["reason"]): one.value
                for one in await takt.samples()
                if one.name == "takt_frames_dropped_total" and one.labels["reason"] not in ("late", "no_time")
            }
            assert await takt.stop() == 0

    assert out_of_time == {}
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert {name: len(consumer.events(name)) for name in films} == dict.fromkeys(films, 2)


async def test_a_camera_of_one_picture_a_second_serves_a_network_that_asks_for_no_more(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """Two watches on one stream: the patient network sees every picture, the hasty one has nothing to judge by."""
    patient = always_bright(tmp_path / "patient", replace(SPEC, frames=8, interval_s=1.0, hop_s=1.0))
    networks = {"patient": patient, "hasty": always_bright(tmp_path / "hasty")}
    with GstServer({"slow": film(tmp_path, 1)}) as server:
        streams = [rtsp("slow", server.address("slow"), "patient", "hasty")]
        async with Takt(tmp_path, broker.port, networks, streams) as takt:
            await until(lambda: consumer.events("slow", "started"))
            assert await takt.metric("takt_inference_total", recognizer="hasty") == 0
            assert await takt.stop() == 0
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert {event["watch"] for event in consumer.events("slow")} == {"patient"}


async def test_a_change_of_the_pictures_size_begins_a_new_epoch(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    films = [film(tmp_path, seconds=2), film(tmp_path, seconds=2, size=(160, 96))]
    with GstServer({"live": films}) as server:
        streams = [rtsp("cam", server.address("live"))]
        async with Takt(tmp_path, broker.port, {"constant": always_bright(tmp_path / "net")}, streams) as takt:
            await until(lambda: len(consumer.events("cam", "started")) >= 3)
            changes = await takt.metric("takt_source_disconnects_total", stream="cam", reason="changed")
            assert await takt.stop() == 0

    assert changes >= 2
    assert ("offline", "changed") in consumer.statuses("cam")
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    ends: list[Body] = consumer.events("cam", "ended")
    assert [end["reason"] for end in ends[:2]] == ["source_lost", "source_lost"]
    assert len({end["epoch"] for end in ends}) == len(ends)


async def test_without_a_broker_events_are_printed_and_the_service_ends_with_its_recordings(tmp_path: Path) -> None:
    recorded = {"kind": "file", "path": str(film(tmp_path))}
    streams = [rtsp(name, "rtsp://replaced/") | {"source": recorded} for name in ("one", "two")]
    takt = Takt(tmp_path, None, {"constant": always_bright(tmp_path / "net")}, streams)
    code, (addresses, *printed) = await takt.run_to_its_end()
    assert code == 0
    assert set(addresses) == {"page", "api", "metrics", "live", "ready"}
    assert {line["topic"] for line in printed} == {"one/events", "two/events"}
    events = [line["payload"] for line in printed]
    assert_lawful(events, all_ended=True)
    assert [event["reason"] for event in events if event["phase"] == "ended"] == ["source_ended"] * 2
    assert all(event["clock"] == "arrival" for event in events)
