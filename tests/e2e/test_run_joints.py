"""`takt run` with a network of joints: a real camera, published networks that find joints, events as they should be."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from recognizers.clip import ClipSpec, Picture
from streamer.testing.film import read_film, write_film
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.processes import GstCamera
from tests.e2e.takt import Takt, rtsp, until
from tests.recognizers.joints import HANDS, PEOPLE, POSE, needs_models, needs_people
from tests.recognizers.skeletons import write_somebody

pytestmark = [pytest.mark.e2e, needs_models, needs_people]
FPS, WIDTH, HEIGHT = 25, 480, 360
AWAY_S = 3
NOBODY = PEOPLE.parent / "bottles.mp4"
SPEC = ClipSpec(frames=8, interval_s=0.1, hop_s=0.4, short_side_px=240)
AT_ONCE = {"default": {"smooth_s": 0, "release_s": 0}}


def comes_and_goes() -> Iterator[Picture]:
    """Somebody who makes a sign for 1.7 s, then bottles on a table."""
    yield from read_film(PEOPLE / "milk.mp4", WIDTH, HEIGHT, FPS)
    yield from islice(read_film(NOBODY, WIDTH, HEIGHT, FPS), AWAY_S * FPS)


@pytest.mark.parametrize(("layout", "model"), [("coco17", POSE), ("hands21", HANDS)], ids=["people", "hands"])
async def test_an_action_lasts_as_long_as_somebody_is_in_the_picture(
    layout: str, model: Path, tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    network = write_somebody(tmp_path / "somebody.safetensors", SPEC, layout)
    recognizers = {"joints": {"kind": "san", "checkpoint": str(network), "pose_model": str(model)}}
    with GstCamera(write_film(tmp_path / "film.mp4", comes_and_goes(), FPS)) as camera:
        stream = rtsp("cam", camera.url, "joints")
        stream["watches"][0]["events"] = AT_ONCE
        async with Takt(tmp_path, broker.port, {}, [stream], recognizers=recognizers) as takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 2, 60)
            clips = await takt.metric("takt_clips_recognized_total", stream="cam")
            failed = await takt.metric("takt_inference_total", recognizer="joints", result="error")
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    assert clips >= 4  # as many tell two starts and two ends
    assert failed == 0
    for started in consumer.events("cam", "started"):
        assert (started["action"], started["score"]) == ("somebody", pytest.approx(0.982, abs=1e-3))
    reasons = [ended["reason"] for ended in consumer.events("cam", "ended")]
    assert reasons[:2] == ["completed", "completed"]
