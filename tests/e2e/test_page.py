"""The page in a real browser, of the real service, over a simulated cell. One of each for all of it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, expect

from recognizers.data.synthetic import ACTIONS, WorkCell
from streamer.clock import SystemClock
from streamer.testing.feeds import PictureFeed
from streamer.testing.rtsp import RtspCamera
from tests.e2e.browser import browser, camera_file
from tests.e2e.cable import Cable
from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.takt import Section, Takt, until
from tests.e2e.visitor import Visitor, visiting

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
WORK = Path(__file__).parents[2] / "config/procedures/cell.yaml"
FPS, SEED, FILM_S = 12, 3, 18
SOON_MS = 45_000
NAMES = {action.replace("_", " ") for action in ACTIONS}


@asynccontextmanager
async def cell_camera(port: int = 0) -> AsyncIterator[RtspCamera]:
    async with RtspCamera(PictureFeed(WorkCell(SEED, 240).draw, FPS, SystemClock()), port=port) as camera:
        yield camera


def watched(name: str, url: str) -> Section:
    watch = {"id": "bench", "recognizer": "cell", "procedure": str(WORK), "region": [0.125, 0.0, 0.875, 1.0]}
    return {"id": name, "source": {"kind": "rtsp", "url": url}, "watches": [watch]}


async def test_the_page_shows_what_goes_on_and_does_what_is_wanted(
    tmp_path: Path, broker: Mosquitto, consumer: Consumer
) -> None:
    cell = WorkCell(SEED, 240)
    film = camera_file(tmp_path / "camera.mjpeg", [cell.draw(n / FPS) for n in range(FILM_S * FPS)], FPS)
    networks, labels = {"cell": "bundled:cell"}, {"folder": str(tmp_path / "clips")}
    async with AsyncExitStack() as camera, browser(film) as page:
        url = (await camera.enter_async_context(cell_camera())).url
        takt = Takt(tmp_path, broker.port, networks, [watched("cell", url)], labels=labels)
        async with (
            takt,
            Cable(urlsplit(takt.url("page")).port or 0) as cable,
            visiting(page, f"http://127.0.0.1:{cable.port}/") as visitor,
        ):
            await the_wall_shows_a_stream_and_its_action(visitor, consumer)
            await its_own_view_shows_segments_steps_and_scores(visitor)
            await events_are_shown_and_filtered(visitor)
            await a_moment_that_is_marked_is_in_the_data_set(visitor, tmp_path / "clips")
            await a_stream_is_added_and_removed(visitor, consumer, url)
            await a_lost_connection_is_told_and_nothing_is_left_out(visitor, consumer, cable)
            await a_killed_camera_is_offline_with_its_reason_and_comes_back(visitor, camera, url)
            await the_browsers_own_camera_is_shared(visitor, consumer)
            await nobody_is_kept_out(visitor)


def card(visitor: Visitor, stream: str) -> Locator:
    link = visitor.page.get_by_role("link", name=stream, exact=True)
    return visitor.page.get_by_role("listitem").filter(has=link)


def live(visitor: Visitor, stream: str) -> Locator:
    return visitor.page.get_by_role("img", name=f"Live picture of {stream}")


def is_gone(consumer: Consumer, stream: str) -> bool:
    """What was retained of it was cleared."""
    return [payload for topic, payload in list(consumer.received) if topic == f"takt/{stream}/status"][-1:] == [b""]


async def an_action(shown: Locator) -> str:
    """What the page says is done, as soon as something is."""

    async def said() -> str:
        name = await shown.locator(".now-action").inner_text()
        return name if name in NAMES else ""

    return await until(said, SOON_MS / 1000)


async def the_wall_shows_a_stream_and_its_action(visitor: Visitor, consumer: Consumer) -> None:
    await visitor.come()
    await visitor.moves(live(visitor, "cell"))
    action = await an_action(card(visitor, "cell"))
    assert action.replace(" ", "_") in [event["action"] for event in consumer.events("cell", "started")]
    await expect(card(visitor, "cell").locator(".now-sure")).to_have_text(re.compile(r"^\d+ %$"), timeout=SOON_MS)


async def its_own_view_shows_segments_steps_and_scores(visitor: Visitor) -> None:
    page = visitor.page
    await card(visitor, "cell").get_by_role("link", name="cell", exact=True).click()
    await visitor.moves(live(visitor, "cell"))
    await expect(page.locator(".lane-bar").first).to_be_attached(timeout=SOON_MS)
    await expect(page.locator(".step")).to_have_count(len(ACTIONS))
    await expect(page.locator(".step", has_text="done").first).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_role("timer", name="Takt clock")).to_contain_text("of 20 s")
    await expect(page.locator(".score")).to_have_count(5)
    await page.get_by_role("button", name="Table").click()
    await expect(page.get_by_role("table").get_by_role("row").nth(1)).to_contain_text("%")


async def events_are_shown_and_filtered(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.go("events")
    rows = page.locator(".event")
    await expect(rows.filter(has_text="began").first).to_be_visible()
    await expect(rows.filter(has_text="Step").first).to_be_visible()
    for kind in ("Actions", "Units", "Gaps"):
        await page.get_by_role("checkbox", name=kind).uncheck(force=True)
    await expect(rows.filter(has_not_text="Step")).to_have_count(0)
    await expect(rows.first).to_contain_text("Step")
    await page.get_by_role("checkbox", name="Steps").uncheck(force=True)
    await expect(page.get_by_text("Nothing matches")).to_be_visible()


def clips(folder: Path, label: str) -> int:
    """How many the data set has of an action."""
    return len(list((folder / label).glob("*.mp4")))


async def a_moment_that_is_marked_is_in_the_data_set(visitor: Visitor, folder: Path) -> None:
    page = visitor.page
    await visitor.go("streams", "cell")
    await live(visitor, "cell").wait_for()
    await page.keyboard.press("m")
    await page.get_by_role("dialog").get_by_role("button", name="tighten").wait_for()
    await page.keyboard.press("3")
    await expect(page.get_by_text("Marked")).to_be_visible(timeout=SOON_MS)
    assert clips(folder, "tighten") == 1
    await page.get_by_role("button", name="Undo").click()
    await until(lambda: clips(folder, "tighten") == 0)


async def a_stream_is_added_and_removed(visitor: Visitor, consumer: Consumer, url: str) -> None:
    page = visitor.page
    await visitor.go()
    await page.get_by_role("link", name="Add a stream").click()
    await page.get_by_label("Name").fill("second")
    await page.get_by_label("Address of the camera").fill(url.removeprefix("rtsp://"))
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("rtsp://")
    await expect(page.get_by_label("Address of the camera")).to_have_attribute("aria-invalid", "true")
    assert (422, "/api/v1/streams") in visitor.refusals
    await page.get_by_label("Address of the camera").fill(url)
    await page.get_by_role("button", name="Add", exact=True).click()
    await visitor.moves(live(visitor, "second"))
    assert consumer.is_online("second")
    await page.get_by_role("link", name="Change").click()
    await expect(page.get_by_label("Address of the camera")).to_have_value(url)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("“second” was changed.")).to_be_visible(timeout=SOON_MS)
    await visitor.moves(live(visitor, "second"))
    await page.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    await expect(card(visitor, "cell")).to_be_visible()
    await expect(card(visitor, "second")).to_have_count(0)
    await until(lambda: is_gone(consumer, "second"))


async def a_lost_connection_is_told_and_nothing_is_left_out(visitor: Visitor, consumer: Consumer, cable: Cable) -> None:
    page = visitor.page
    await visitor.go("events")
    await expect(page.locator(".event").first).to_be_visible()
    cable.pull()
    await expect(page.get_by_text("The connection to the service is lost.")).to_be_visible(timeout=SOON_MS)
    before = len(consumer.events("cell", "ended"))
    await until(lambda: len(consumer.events("cell", "ended")) > before)
    ended = consumer.events("cell", "ended")[-1]
    cable.plug_in()
    await expect(page.get_by_text("The connection to the service is lost.")).to_be_hidden(timeout=SOON_MS)
    missed = page.locator(".event").filter(has=page.locator(f"time[datetime='{ended['at']}']"))
    await expect(missed.filter(has_text="ended").first).to_be_visible(timeout=SOON_MS)


async def a_killed_camera_is_offline_with_its_reason_and_comes_back(
    visitor: Visitor, camera: AsyncExitStack, url: str
) -> None:
    await visitor.go()
    await visitor.moves(live(visitor, "cell"))
    await camera.aclose()
    health = card(visitor, "cell").locator(".health")
    await expect(health).to_contain_text("Offline", timeout=SOON_MS)
    await expect(health).to_contain_text("refused the connection", timeout=SOON_MS)
    await expect(card(visitor, "cell").locator(".lamp")).not_to_have_text("All well")
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    await camera.enter_async_context(cell_camera(port))
    await expect(health).to_be_hidden(timeout=SOON_MS)
    await visitor.moves(live(visitor, "cell"))


async def the_browsers_own_camera_is_shared(visitor: Visitor, consumer: Consumer) -> None:
    page = visitor.page
    await page.get_by_role("link", name="Share camera").click()
    await page.get_by_role("button", name="Share this camera").click()
    await expect(page.get_by_text("Your camera is live.")).to_be_visible(timeout=SOON_MS)
    await page.get_by_role("link", name="See what is recognized").click()
    await visitor.moves(live(visitor, "my-camera"))
    action = await an_action(page.locator(".scene"))
    assert action.replace(" ", "_") in [event["action"] for event in consumer.events("my-camera", "started")]
    await page.get_by_role("link", name="Share camera").click()
    await page.get_by_role("button", name="Stop sharing").click()
    await expect(page.get_by_role("button", name="Share this camera")).to_be_visible()
    await visitor.go()
    await expect(card(visitor, "my-camera")).to_have_count(0)
    await until(lambda: is_gone(consumer, "my-camera"))


async def nobody_is_kept_out(visitor: Visitor) -> None:
    """axe-core finds nothing, in any view; nothing is wider than a phone."""
    for path in ((), ("streams", "cell"), ("events",), ("share",), ("add",), ("streams", "cell", "change")):
        await visitor.go(*path)
        await visitor.page.get_by_role("heading", level=1).wait_for()
        assert await visitor.obstacles() == [], path
    await visitor.go("streams", "cell")
    for opener in ("Mark a moment", "Keys", "Remove"):
        await visitor.page.get_by_role("button", name=opener).click()
        await visitor.page.get_by_role("dialog").wait_for()
        assert await visitor.obstacles(all_of_it=False) == [], opener
        await visitor.page.keyboard.press("Escape")
