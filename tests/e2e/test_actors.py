"""Real people before a real camera, through the whole service: they are counted, and stay who they are."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, replace
from itertools import groupby
from pathlib import Path

import pytest
import torch

from recognizers.checkpoint import Card, save
from recognizers.models.slowfast_actors import SlowFastActors
from tests.e2e.consumer import Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SIZE, SPEC
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

SHARED = Path(__file__).parents[3] / "shared"
SCENE, DETECTOR = SHARED / "data/clips/people_walking_cctv.mp4", SHARED / "models/fastestdet.onnx"
LOOKS = 25
"""At 2.5 a second: ten seconds of people crossing a square."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        not (SCENE.exists() and DETECTOR.exists()), reason="scene and detector in ../shared are not here"
    ),
]


def everybody_is_there(path: Path) -> Path:
    """A network that says of each person that they are there, with 0.9."""
    size = replace(SIZE, dilated=True)
    network = SlowFastActors(size, classes=2)
    with torch.no_grad():
        network.trunk.head.weight.zero_()
        network.trunk.head.bias.copy_(torch.tensor([-math.log(9), math.log(9)]))
    card = Card(
        kind="slowfast_actors", labels=("nothing", "there"), background="nothing", spec=SPEC, crop_px=64,
        mean=(0.45, 0.45, 0.45), std=(0.225, 0.225, 0.225), network=asdict(size), multilabel=True,
    )  # fmt: skip
    save(path, card, network.state_dict())
    return path


async def test_people_on_a_square_are_counted_and_each_has_an_id_that_lasts(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """The network says of everybody that they are there: one action for each, as long as they are seen."""
    network = {"kind": "slowfast_actors", "checkpoint": str(everybody_is_there(tmp_path / "net"))}
    recognizers = {"people": {**network, "actor_model": str(DETECTOR)}}
    counts: list[float] = []
    with GstServer({"square": SCENE}) as camera:
        stream = rtsp("square", camera.address("square"), "people")
        async with Takt(tmp_path, broker.port, {}, [stream], recognizers=recognizers) as takt:

            async def looked_long_enough() -> bool:
                counts.append(await takt.metric("takt_actors", stream="square", watch="people"))
                return await takt.metric("takt_clips_recognized_total", stream="square") >= LOOKS

            await until(looked_long_enough, timeout_s=90)
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    started, ended = consumer.events("square", "started"), consumer.events("square", "ended")
    assert 3 <= max(counts) <= 14
    whose = Counter(event["actor"]["id"] for event in started)
    assert set(whose.values()) == {1}, "who is there goes on being there, and is nobody else afterwards"
    assert sorted(whose) == list(range(1, len(whose) + 1))
    assert len(whose) <= 2 * max(counts), "people do not become new ones again and again"
    assert {event["reason"] for event in ended} <= {"actor_left", "shutdown"}
    assert sum(event["duration_s"] > 3 for event in ended) >= 3
    by_action = sorted(started + ended, key=lambda event: (event["action_id"], event["phase"]))
    for _, both in groupby(by_action, key=lambda event: event["action_id"]):
        assert len({event["actor"]["id"] for event in both}) == 1
