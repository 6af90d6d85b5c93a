"""The page in a real browser, of the real service, over a simulated cell: what is done shows, and what is wanted is done."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Locator, expect

from recognizers.data.synthetic import ACTIONS, WorkCell
from streamer.clock import SystemClock
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import RtspCamera
from tests.e2e.browser import browser, camera_file
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import Section, Takt, until
from tests.e2e.visitor import Visitor, visiting

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
WORK = Path(__file__).parents[2] / "config/procedures/cell.yaml"
FPS, SEED = 12, 3
SOON_MS = 30_000
NAMES = {action.replace("_", " ") for action in ACTIONS}


@asynccontextmanager
async def cell(port: int = 0) -> AsyncIterator[RtspCamera]:
    async with RtspCamera(PictureFeed(WorkCell(SEED, 240).draw, FPS, SystemClock()), port=port) as camera:
        yield camera


def watched(name: str, url: str) -> Section:
    watch = {"id": "bench", "recognizer": "cell", "procedure": str(WORK)}
    return {"id": name, "source": {"kind": "rtsp", "url": url}, "watches": [watch]}


def card(visitor: Visitor, stream: str) -> Locator:
    return visitor.page.get_by_role("listitem").filter(has=visitor.page.get_by_role("link", name=stream, exact=True))


async def test_the_page_shows_what_goes_on_and_does_what_is_wanted(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    async with cell() as other, browser(tmp_path / "no-camera") as page:
        async with cell() as camera, Takt(tmp_path, broker.port, CELL, [watched("cell", camera.url)]) as takt:
            async with visiting(page, takt.url("page")) as visitor:
                await the_wall_shows_the_stream_and_its_action(visitor, consumer)
                await the_view_of_a_stream_shows_its_segments_and_steps(visitor)
                await an_rtsp_stream_is_added_and_removed(visitor, consumer, other.url)
                await events_are_shown_and_filtered(visitor, consumer)
                await everybody_can_use_it(visitor)
                await a_killed_camera_is_offline_with_its_reason_and_comes_back(visitor, camera)


CELL = {"cell": "bundled:cell"}


async def the_wall_shows_the_stream_and_its_action(visitor: Visitor, consumer: Consumer) -> None:
    await visitor.come()
    shown = card(visitor, "cell")
    await visitor.moves(shown.get_by_role("img", name="Live picture of cell"))
    await until(lambda: consumer.events("cell", "started"), 60)

    async def action() -> bool:
        return await shown.locator(".now-action").inner_text() in NAMES

    await until(action)
    assert await shown.locator(".now-sure").inner_text() != ""
