"""`takt promote` on a running service, over a real camera and a real broker: nothing is lost, nothing is said twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import Picture
from streamer.testing.film import write_film
from tests.e2e.consumer import Body, Consumer, assert_lawful
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC, always_bright, brightness
from tests.e2e.processes import GstServer
from tests.e2e.takt import Takt, rtsp, until

pytestmark = pytest.mark.e2e
AT_ONCE = {"default": {"on": 0.6, "off": 0.4, "smooth_s": 0, "release_s": 0}}
LIGHT = replace(SPEC, hop_s=0.16)
PERIOD_S = 4.0


def blinking() -> Iterator[Picture]:
    """Two seconds bright, two seconds dark."""
    yield from (np.full((180, 320, 3), 230 if n < 50 else 20, np.uint8) for n in range(100))


def watched(camera: GstServer) -> list[dict[str, object]]:
    watch = {"id": "bench", "recognizer": "light", "events": AT_ONCE}
    return [rtsp("cam", camera.address("live")) | {"watches": [watch]}]


def starts(events: list[Body]) -> list[float]:
    return [datetime.fromisoformat(event["started_at"]).timestamp() for event in events]


async def test_networks_change_while_a_camera_is_watched_and_no_event_is_lost_or_doubled(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    """There and back, by command and by shadow; also to one that wants its clips cut otherwise."""
    first = brightness(tmp_path / "first.safetensors", LIGHT)
    same = brightness(tmp_path / "same.safetensors", replace(LIGHT, short_side_px=31))
    longer = brightness(tmp_path / "longer.safetensors", replace(LIGHT, hop_s=0.24))
    light = {"checkpoint": str(first), "shadow": str(longer)}

    def said() -> set[str]:
        """Networks of which a start was heard."""
        return {event["model"] for event in consumer.events("cam", "started")}

    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        async with Takt(tmp_path, broker.port, {}, watched(camera), recognizers={"light": light}) as takt:
            await until(lambda: len(consumer.events("cam", "ended")) >= 2)
            told = [await takt.promote("light", "--checkpoint", str(same))]
            await until(lambda: told[0]["model"] in said() and len(consumer.events("cam", "started")) >= 4)
            told.append(await takt.promote("light"))
            await until(lambda: told[1]["model"] in said() and len(consumer.events("cam", "started")) >= 6)
            told += [await takt.promote("light", "--undo"), await takt.promote("light", "--undo")]
            await until(lambda: len(consumer.events("cam", "started")) >= 8)
            nothing = await takt.promote("light", "--checkpoint", str(tmp_path / "takt.yaml"))
            reported = await takt.promote("light", "--dry-run")
            live = [one.labels for one in await takt.samples() if one.name == "takt_recognizer_info"]
            assert await takt.metric("takt_source_disconnects_total", stream="cam") == 0
            assert await takt.stop() == 0

    ids = [told[0]["before"], told[0]["model"], told[1]["model"]]
    assert [one["model"] for one in told] == [ids[1], ids[2], ids[1], ids[0]]
    assert len(set(ids)) == 3
    assert "is damaged or not a safetensors file" in nothing["problem"]
    assert (reported["live"]["model"], reported["shadow"]["model"]) == (ids[0], ids[2])
    assert {(one["role"], one["model"]) for one in live} == {("live", ids[0]), ("shadow", ids[2])}
    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)
    events = consumer.events("cam")
    assert len({event["epoch"] for event in events}) == 1
    assert {event["model"] for event in events} == set(ids)
    assert {event.get("reason") for event in events} <= {None, "completed", "shutdown"}
    apart = [other - one for one, other in pairwise(starts(consumer.events("cam", "started"))[1:])]
    assert len(apart) >= 6
    assert apart == pytest.approx([PERIOD_S] * len(apart), abs=1.0)


@pytest.mark.parametrize("moments_s", [(0.1, 0.8, 2.0), pytest.param(range(12), marks=pytest.mark.full)])
async def test_a_service_killed_while_it_promotes_comes_back_with_one_network_or_the_other(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer, moments_s: tuple[float, ...]
) -> None:
    networks = [always_bright(tmp_path / f"{n}.safetensors", replace(SPEC, short_side_px=32 - n)) for n in range(2)]
    with GstServer({"live": write_film(tmp_path / "blinking.mp4", blinking(), 25)}) as camera:
        async with Takt(tmp_path, broker.port, {"light": networks[0]}, watched(camera)) as takt:
            for number, after_s in enumerate(moments_s):
                begun = len(consumer.events("cam", "started"))
                await until(lambda begun=begun: len(consumer.events("cam", "started")) > begun)  # type: ignore[misc]
                promoting = asyncio.create_task(takt.promote("light", "--checkpoint", str(networks[(number + 1) % 2])))
                await asyncio.sleep(after_s % 3)
                await takt.kill()
                await promoting
                await takt.start()
                live = await until(lambda: running(takt))
                assert live == stored(tmp_path, str(networks[0]))
            begun = len(consumer.events("cam", "started"))
            await until(lambda: len(consumer.events("cam", "started")) > begun)
            assert await takt.stop() == 0

    await until(consumer.was_left)
    assert_lawful(consumer.payloads(), all_ended=True)


async def running(takt: Takt) -> str:
    """The checkpoint that is live, by name."""
    return next((one.labels["checkpoint"] for one in await takt.samples() if one.name == "takt_recognizer_info"), "")


def stored(folder: Path, configured: str) -> str:
    """What the data folder says is to run."""
    file = folder / "data" / "promoted.json"
    promoted = json.loads(file.read_text())["light"]["promoted"] if file.exists() else []
    return str(promoted[-1]["source"]) if promoted else configured
