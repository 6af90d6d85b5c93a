"""A real RTSP camera whose pictures freeze, go dark and are covered: the broker and the metrics say so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from recognizers.clip import Picture
from recognizers.data.synthetic import WorkCell
from streamer.clock import SystemClock
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import RtspCamera
from tests.e2e.cell import palm
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import Takt, rtsp, until

pytestmark = pytest.mark.e2e


class Scene:
    """The work cell, or what is left of it."""

    def __init__(self) -> None:
        self.trouble = ""
        self._cell = WorkCell(5)
        self._last: Picture = self._cell.draw(0.0)

    def draw(self, at_s: float) -> Picture:
        if self.trouble != "frozen":
            self._last = self._cell.draw(at_s)
        if self.trouble == "dark":
            return np.zeros_like(self._last)
        return palm(self._last) if self.trouble == "blocked" else self._last


def sight(consumer: Consumer) -> str:
    statuses = [json.loads(payload) for topic, payload in list(consumer.received) if topic == "takt/cell/status"]
    return str(statuses[-1]["sight"])


async def test_a_camera_that_shows_nothing_is_told_within_half_a_minute(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    scene = Scene()
    async with (
        RtspCamera(PictureFeed(scene.draw, 16, SystemClock())) as camera,
        Takt(tmp_path, broker.port, {"cell": "bundled:cell"}, [rtsp("cell", camera.url, "cell")]) as takt,
    ):
        await until(lambda: consumer.is_online("cell") and sight(consumer) == "clear")
        for trouble, within_s in (("frozen", 30.0), ("dark", 10.0), ("blocked", 10.0)):
            scene.trouble = trouble
            await until(lambda trouble=trouble: sight(consumer) == trouble, within_s)  # type: ignore[misc]
            assert await takt.metric("takt_stream_blind", reason=trouble) == 1
            assert consumer.is_online("cell")
            scene.trouble = ""
            await until(lambda: sight(consumer) == "clear", 10)
            assert await takt.metric("takt_stream_blind") == 0
