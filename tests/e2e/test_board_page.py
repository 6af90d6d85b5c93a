"""A page in a browser shows what is going on without a backend, also when it comes late: MQTT over WebSockets."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recognizers.clip import WHOLE_PICTURE
from streamer.clock import SystemClock
from streamer.event import Phase, Reason
from streamer.showing import Showing, ShowOptions
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.stages import Watch
from streamer.testing.messages import action_event
from streamer.testing.sinks import FakeObserver
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC
from tests.ports import free_port
from tests.schemas import validate

pytestmark = pytest.mark.e2e
PAGE = Path(__file__).with_name("board.html")
CHROMIUM = shutil.which("chromium")
BENCH = Watch("bench", "cell", SPEC, ("idle", "tighten"), "idle", WHOLE_PICTURE, 0.5, {}, "3f2a9c81b7d0")


class Counts:
    def acknowledged(self, outcome: str) -> None:
        pass


@asynccontextmanager
async def browser() -> AsyncIterator[Any]:
    """A page of our own in a real browser."""
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = await chromium.new_page()
            await page.goto(PAGE.as_uri())
            yield page
        finally:
            await chromium.close()


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_a_page_that_comes_late_shows_what_goes_on_and_then_what_changes(tmp_path: Path) -> None:
    web = free_port()
    with Mosquitto(tmp_path, f"listener {web} 127.0.0.1", "protocol websockets") as broker:
        clock, observer = SystemClock(), FakeObserver()
        where = MqttOptions("127.0.0.1", broker.port, client_id="service")
        async with MqttSink(where, clock, observer) as sink, asyncio.TaskGroup() as group:
            showing = Showing({"cell-4": (BENCH,)}, sink, ShowOptions(), clock, Counts())
            running = group.create_task(showing.run(lambda _: clock.monotonic()))
            await asyncio.wait_for(observer.connected.wait(), 10)
            started = replace(action_event("cell-4"), watch="bench")
            showing.tell(started)
            with Listener(
                broker.port, "takt/cell-4/bench/last/15m"
            ) as early:  # it has happened before the page is there
                await asyncio.to_thread(early.wait, lambda told: any(b"tighten" in one.payload for one in told))

            async with browser() as page:
                await page.evaluate(f"connect('ws://127.0.0.1:{web}', 'takt/cell-4/#')")
                await page.wait_for_function(
                    "document.body.textContent.includes('cell-4/bench: tighten')", timeout=10_000
                )
                await page.wait_for_function("Object.keys(window.heard).length >= 6", timeout=10_000)
                heard = await page.evaluate("window.heard")
                assert len(heard) == 6, "status, state, andon and three windows"
                for one in heard.values():
                    assert one["retained"]
                    validate(one["said"])
                assert heard["takt/cell-4/bench/last/1m"]["said"]["actions"]["tighten"]["count"] == 1

                showing.tell(replace(started, phase=Phase.ENDED, reason=Reason.COMPLETED, at=started.at + 2))
                await page.wait_for_function(
                    "document.body.textContent.includes('cell-4/bench: nothing')", timeout=10_000
                )
            running.cancel()
