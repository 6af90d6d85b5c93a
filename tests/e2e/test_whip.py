"""`takt run` is published to: what is shown is recognized, and whoever means harm is not heard."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import psutil
import pytest

from recognizers.clip import Picture
from streamer.testing.peers import DrawnTrack, vanish
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.films import film
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import always_bright, brightness
from tests.e2e.processes import GstServer
from tests.e2e.publisher import ask, publishing
from tests.e2e.takt import Section, Takt, rtsp, until
from tests.streamer.sources.offers import DATA, VIDEO, offer

pytestmark = pytest.mark.e2e
TOKEN = "C4N4RY-0123456789abcdef"


def whip(name: str, recognizer: str, **more: object) -> Section:
    return {
        "id": name,
        "source": {"kind": "whip", "token": TOKEN, **more},
        "watches": [{"id": recognizer, "recognizer": recognizer}],
    }


def blinking(t_s: float) -> Picture:
    """Bright in every second pair of seconds."""
    return np.full((180, 320, 3), 230 if int(t_s / 2) % 2 else 20, np.uint8)


async def test_what_is_published_is_recognized(tmp_path: Path, broker: Mosquitto, consumer: Consumer) -> None:
    networks = {"eye": brightness(tmp_path / "net")}
    async with Takt(tmp_path, broker.port, networks, [whip("cam", "eye")]) as takt:
        async with publishing(f"{takt.url('publish')}cam", TOKEN, DrawnTrack(blinking)) as (_, session):
            await until(lambda: len(consumer.events("cam", "ended")) >= 2)
            assert consumer.is_online("cam")
            status, _, _ = await asyncio.to_thread(ask, session, "DELETE", b"", TOKEN)
            assert status == 200
            await until(lambda: not consumer.is_online("cam"))
        async with publishing(f"{takt.url('publish')}cam", TOKEN, DrawnTrack(blinking), codec="h264") as (peer, _):
            seen = len(consumer.events("cam", "started"))
            await until(lambda: len(consumer.events("cam", "started")) > seen)
            vanish(peer)
            await until(lambda: not consumer.is_online("cam"), timeout_s=14)
        assert await takt.stop() == 0
        assert TOKEN not in takt.log
    assert_lawful(consumer.payloads(), all_ended=True)
    epochs = {event["epoch"] for event in consumer.events("cam", "started")}
    assert len(epochs) == 2


async def test_whoever_means_harm_is_refused_and_disturbs_nobody(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    networks = {"constant": always_bright(tmp_path / "net")}
    with GstServer({"live": film(tmp_path)}) as server:
        streams = [rtsp("good", server.address("live")), whip("cam", "constant")]
        async with Takt(tmp_path, broker.port, networks, streams) as takt:
            await until(lambda: consumer.is_online("good"))
            url = f"{takt.url('publish')}cam"
            codes = await asyncio.to_thread(attack, url, 200)
            before = psutil.Process(takt.pid).memory_info().rss
            codes |= await asyncio.to_thread(attack, url, 10_000)
            grown = psutil.Process(takt.pid).memory_info().rss - before
            assert {code // 100 for code in codes} == {4}
            assert {401, 429, 413, 400, 422} <= codes
            assert grown < 32 << 20
            assert consumer.is_online("good")
            assert len(consumer.events("good", "started")) == 1  # not one interruption
            await takt.reaches({"takt_frames_decoded_total": {"good": 25}})
            assert TOKEN not in takt.log


def attack(url: str, times: int) -> set[int]:
    """What it is told."""
    malformed, huge = b"v=0" + b"x" * 1000, b"v=0\r\n" + b"a=x\r\n" * 200_000
    bodies = [
        (malformed, TOKEN), (huge, TOKEN), (offer(*[VIDEO] * 100).encode(), TOKEN),
        (offer(VIDEO, DATA).encode(), TOKEN),
        (offer(VIDEO).replace("AB:AB", "ZZ:ZZ").encode(), TOKEN), (b"", None), (malformed, "wrong"), (huge, "wrong"),
    ]  # fmt: skip
    return {ask(url, "POST", *bodies[n % len(bodies)])[0] for n in range(times)}
