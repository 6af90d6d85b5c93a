"""Workers are killed again and again while events come thick and fast: none that was accepted is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, until
from tests.e2e.test_workers import process_of
from tests.streamer.plants import blinking_film

pytestmark = pytest.mark.e2e

CAMERAS = [f"cam-{n}" for n in range(6)]
AT_ONCE = {"default": {"smooth_s": 0, "release_s": 0}}
KILLS, BETWEEN_S = 4, 2.0


def is_open(consumer: Consumer, camera: str) -> bool:
    """Whether an action goes on there: cameras of one film begin and end theirs together."""
    return len(consumer.events(camera, "started")) > len(consumer.events(camera, "ended"))


async def test_no_accepted_event_is_lost_and_every_action_ends_once(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    rng = random.Random(3)
    with GstServer({"live": blinking_film(tmp_path / "film.mp4")}) as camera:
        source = {"kind": "rtsp", "url": camera.address("live")}
        watch = {"id": "bench", "recognizer": "light", "events": AT_ONCE}
        streams = [{"id": name, "source": source, "watches": [watch]} for name in CAMERAS]
        async with Takt(tmp_path, broker.port, {"light": brightness(tmp_path / "net")}, streams, workers=3) as takt:
            await until(lambda: all(consumer.events(name, "ended") for name in CAMERAS), 90)
            for kill in range(KILLS):
                os.kill(process_of(takt, str(rng.randrange(3))), signal.SIGKILL)
                begun = 3 + kill + 1
                await until(lambda begun=begun: takt.log.count("takes streams") >= begun, 60)  # type: ignore[misc]
                await asyncio.sleep(BETWEEN_S)
            before = {name: len(consumer.events(name, "ended")) for name in CAMERAS}
            await until(lambda: all(len(consumer.events(name, "ended")) > before[name] for name in CAMERAS), 30)
            assert await takt.metric("takt_worker_restarts_total") == KILLS
            assert await takt.metric("takt_events_lost_total") == 0
            await until(lambda: any(is_open(consumer, name) for name in CAMERAS))
            assert await takt.stop() == 0
    assert_lawful(consumer.payloads(), all_ended=True)
    reasons = {one["reason"] for name in CAMERAS for one in consumer.events(name, "ended")}
    assert reasons == {"completed", "interrupted", "shutdown"}
