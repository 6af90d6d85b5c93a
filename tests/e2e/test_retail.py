"""The sample dashboard in a real browser beside a real broker: it shows what MQTT tells, and says when it cannot."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from recognizers.clip import WHOLE_PICTURE
from streamer.clock import SystemClock
from streamer.event import ActionEvent, Phase, Reason
from streamer.health import Health
from streamer.showing import Showing, ShowOptions
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.stages import Watch
from streamer.testing.messages import action_event
from streamer.testing.sinks import FakeObserver
from streamer.web import make_app, serve
from streamer.web.retail import PREFIX, RetailSite, Whereabouts
from streamer.wire import action_message
from tests.e2e.listener import Listener
from tests.e2e.mosquitto import Mosquitto
from tests.e2e.networks import SPEC
from tests.ports import free_port

pytestmark = pytest.mark.e2e
CHROMIUM = shutil.which("chromium")
DONE = {"shelf": {"browse": [2.0, 3.0, 7.0], "take": [1.5]}, "till": {"pay": [12.0, 8.0]}}
"""Seconds of what was done, by watch and action; all of it began 40 s ago."""


@dataclass
class Seen:
    """A page, and what happened to it."""

    page: Any
    errors: list[str]
    asked: set[str]

    async def until(self, words: str) -> None:
        """Where the page's own policy holds, Playwright may not poll with a text of ours: it looks at elements."""
        await self.expect("body").to_contain_text(words, ignore_case=True, use_inner_text=True)

    def expect(self, selector: str) -> Any:
        api = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
        api.expect.set_options(timeout=15_000)
        return api.expect(self.page.locator(selector))

    async def violations(self) -> list[str]:
        """Of WCAG 2.2 A and AA and of good practice, by axe-core."""
        axe = pytest.importorskip("axe_playwright_python.async_playwright", reason="axe-playwright-python is missing")
        found = (await axe.Axe().run(self.page)).response["violations"]
        return [f"{one['id']}: {node['html']} {node['failureSummary']}" for one in found for node in one["nodes"]]


@asynccontextmanager
async def browser(url: str) -> AsyncIterator[Seen]:
    playwright = pytest.importorskip("playwright.async_api", reason="playwright is not installed")
    async with playwright.async_playwright() as started:
        chromium = await started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            seen = Seen(await chromium.new_page(), [], set())
            seen.page.on("console", lambda said: said.type in ("error", "warning") and seen.errors.append(said.text))
            seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
            seen.page.on("request", lambda request: seen.asked.add(request.url))
            seen.page.on("websocket", lambda opened: seen.asked.add(opened.url))
            await seen.page.goto(url)
            yield seen
        finally:
            await chromium.close()


@asynccontextmanager
async def retail(where: Whereabouts) -> AsyncIterator[str]:
    app = make_app(Health(), lambda: ("text/plain", b""), {PREFIX: RetailSite(where)})
    async with serve("127.0.0.1", 0, app) as port:
        yield f"http://127.0.0.1:{port}"


class Counts:
    def acknowledged(self, outcome: str) -> None:
        pass


@dataclass
class Service:
    """As much of the service as tells of two watches."""

    showing: Showing
    sink: MqttSink

    async def do(self, watch: str, action: str, took_s: float, ago_s: float = 40.0) -> None:
        one = action_event("shop")
        began = replace(one, watch=watch, action=action, decided_at=one.at + ago_s)
        over = replace(
            began, phase=Phase.ENDED, reason=Reason.COMPLETED, at=began.at + took_s, started_at=began.at,
            duration_s=took_s,
        )  # fmt: skip
        await self.tell(began, over)

    async def tell(self, *events: ActionEvent) -> None:
        for event in events:  # at one moment, from which it is counted how long ago they were
            self.showing.tell(event)
        for event in events:
            await self.sink.put(action_message(event, "arrival"))


@asynccontextmanager
async def service(broker: Mosquitto) -> AsyncIterator[Service]:
    clock, observer = SystemClock(), FakeObserver()
    watches = tuple(
        Watch(name, "shop", SPEC, ("idle", *actions), "idle", WHOLE_PICTURE, 0.5, {}, "3f2a9c81b7d0")
        for name, actions in DONE.items()
    )
    async with (
        MqttSink(MqttOptions("127.0.0.1", broker.port, client_id="service"), clock, observer) as sink,
        asyncio.TaskGroup() as group,
    ):
        showing = Showing({"shop": watches}, sink, ShowOptions(), clock, Counts())
        running = group.create_task(showing.run(lambda _: clock.monotonic()))
        await asyncio.wait_for(observer.connected.wait(), 10)
        yield Service(showing, sink)
        running.cancel()


def rows() -> list[str]:
    """What was done, as the page says it: action, count, average, longest, in all."""

    def told(seconds: float) -> str:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"

    return [
        f"{action} {len(took)} {told(sum(took) / len(took))} {told(max(took))} {told(sum(took))}"
        for actions in DONE.values()
        for action, took in actions.items()
    ]


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_the_page_shows_counts_and_dwell_of_mqtt_alone_and_says_when_the_broker_is_lost(tmp_path: Path) -> None:
    web = free_port()
    address = f"ws://127.0.0.1:{web}"
    with Mosquitto(tmp_path, f"listener {web} 127.0.0.1", "protocol websockets") as broker:
        async with retail(Whereabouts(address, "takt", "takt")) as base, browser(f"{base}/retail") as seen:
            await seen.until("Connected, and all is quiet")
            assert await seen.violations() == []

            async with service(broker) as telling:
                for watch, actions in DONE.items():
                    for action, all_took_s in actions.items():
                        for took_s in all_took_s:
                            await telling.do(watch, action, took_s)
                await seen.expect("tbody tr").to_have_text(rows(), ignore_case=True, use_inner_text=True)
                assert await seen.page.inner_text("#actions") == "6"
                assert await seen.page.inner_text("#dwell") == "5.6 s"  # 33.5 s of six
                await seen.until("browse ended after 7.0 s")
                await seen.until("4 in the last minute")

                await telling.tell(replace(action_event("shop"), watch="till", action="pay"))
                await seen.until("Pay for")
                await seen.page.check("input[value='60']", force=True)
                await seen.until("7 in the last minute Average dwell")
                for scheme in ("dark", "light"):
                    await seen.page.emulate_media(color_scheme=scheme)
                    assert await seen.violations() == []
                assert seen.errors == []

                broker.kill()
                await seen.until("The broker was lost at")
                assert await seen.violations() == []
                broker.start()
                await seen.expect("#banner").to_be_hidden()
                assert await seen.page.inner_text("#actions") == "7"

            with Listener(broker.port, "takt/service/+/status") as other:
                other.say("takt/service/service/status", "offline", retain=True)
                await seen.until("The service is away")
                other.say("takt/shop/till/state", b"", retain=True)
                await seen.expect("article").to_have_count(1)
            assert {error for error in seen.errors if "WebSocket connection" not in error} == set()
            assert all(url.startswith((f"{base}/retail", address)) for url in seen.asked), seen.asked


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_a_page_that_may_not_reach_a_broker_says_why_and_its_trend_adds_up() -> None:
    async with retail(Whereabouts(None, "takt", "takt")) as base, browser(f"{base}/retail/") as seen:
        await seen.until("Which broker?")
        await seen.page.click("#connection")
        await seen.page.fill("#address", "broker.example")
        await seen.page.click("text=Connect >> nth=-1")
        await seen.until("begins with ws:// or wss://")
        assert await seen.violations() == []
        await seen.page.fill("#address", f"ws://127.0.0.1:{free_port()}")
        await seen.page.keyboard.press("Enter")
        await seen.until("This page may not reach ws://127.0.0.1")

        bars = await seen.page.evaluate(
            """async () => {
              const {trend} = await import("/retail/board.js");
              const window = (count) => ({actions: {take: {count, ended: 0, dwell_s: {total: 0}}}});
              const watch = {last: {300: window(20), 900: window(50)}, counted: [
                {at: 100000, count: 4}, {at: 150000, count: null}, {at: 170000, count: 3}, {at: 225000, count: 6}]};
              return trend(watch, 230000).map((bar) => [bar.count, Boolean(bar.average)]);
            }"""
        )
        # Now, and a minute ago; two and three minutes ago nobody listened (the broker was lost, then it had not begun).
        assert bars[-2:] == [[3, False], [6, False]]
        assert sum(count for count, _ in bars[-5:]) == pytest.approx(20)
        assert sum(count for count, _ in bars) == pytest.approx(50)
