"""What the page computes, in the browser that runs it: times, segments, the timeline, the takt clock, the feed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route

import streamer.web
from tests.e2e.browser import browser

pytestmark = pytest.mark.e2e
STATIC = Path(streamer.web.__file__).with_name("static")
TYPES = {".js": "text/javascript", ".html": "text/html", ".css": "text/css"}


@pytest.fixture
async def page(tmp_path: Path) -> AsyncIterator[Page]:
    """A page without a service: its files come from the package."""

    async def file(route: Route) -> None:
        path = STATIC / route.request.url.split("/static/")[-1]
        if path.suffix in TYPES:
            await route.fulfill(body=path.read_bytes(), content_type=TYPES[path.suffix])
        else:
            await route.fulfill(body="<!doctype html><title>parts</title>", content_type="text/html")

    async with browser(tmp_path / "none") as opened:
        await opened.route("**/*", file)
        await opened.goto("http://page.test/")
        yield opened


async def asked(page: Page, module: str, expression: str) -> Any:
    """What an expression gives; `m` is the module."""
    script = f"async () => {{ const m = await import('/static/js/{module}.js'); return {expression}; }}"
    return await page.evaluate(script)


async def test_what_the_page_computes(page: Page) -> None:
    """One browser for all of it: starting one takes longer than the rest."""
    await durations_are_short_and_ages_tick(page)
    await a_segment_has_one_start_and_one_end_in_whatever_order_its_events_come(page)
    await a_timeline_shows_what_touches_its_span(page)
    await the_takt_clock_is_full_at_the_takt_and_counts_what_is_over(page)
    await the_feed_is_read_in_whatever_pieces_it_comes(page)
    await a_mistake_is_shown_at_its_field_and_what_a_form_does_not_show_is_left_as_it_is(page)
    await words_of_the_service_are_sentences(page)
    await a_broken_address_is_that_of_the_wall(page)


async def durations_are_short_and_ages_tick(page: Page) -> None:
    told = await asked(page, "times", "[4.84, 42, 185, 7805, 273600].map((one) => m.duration(one))")
    assert told == ["4 s", "42 s", "3 min 05 s", "2 h 10 min", "3 d 4 h"]
    assert await asked(page, "times", "[m.duration(4.84, true), m.duration(99.96, true)]") == ["4.8 s", "1 min 39 s"]
    watch = await asked(page, "times", "[8.06, 1318, 3723].map(m.stopwatch)")
    assert watch == ["8.1 s", "21:58", "1:02:03"]
    assert await asked(page, "times", "[m.age(100, 99), m.age(100, 101), m.age(100, 103)]") == ["now", "now", "3 s ago"]
    assert await asked(page, "times", "[m.unix('2026-03-02T08:15:09.010Z'), m.unix(7.5)]") == [1772439309.01, 7.5]


SEGMENTS = """(() => {
  const at = (second) => new Date(second * 1000).toISOString();
  const event = (id, phase, from, to) => ({
    type: "action", action_id: id, watch: "bench", action: "pick", phase,
    at: at(phase === "ended" ? to : from), started_at: at(from), score: 0.5});
  const all = new m.Segments();
  const seen = (from, to) => all.within(from, to).map((one) => [one.id, one.from, one.to]);
  %s
})()"""


async def a_segment_has_one_start_and_one_end_in_whatever_order_its_events_come(page: Page) -> None:
    script = """
    all.take(event("a", "ended", 10, 14)); all.take(event("a", "started", 10)); all.take(event("a", "ended", 10, 14));
    all.take(event("b", "started", 20)); all.take({type: "step"});
    const before = seen(0, 30);
    all.settle("bench", new Set(["b"]), 40); const open = seen(0, 50);
    all.settle("bench", new Set(), 40); const settled = seen(0, 50);
    all.forget(30); return [before, open, settled, seen(0, 50)];
    """
    before, still, settled, left = await asked(page, "segments", SEGMENTS % script)
    assert before == still == [["a", 10, 14], ["b", 20, None]]
    assert settled == [["a", 10, 14], ["b", 20, 40]]
    assert left == [["b", 20, 40]]


async def a_timeline_shows_what_touches_its_span(page: Page) -> None:
    script = """
    all.take(event("past", "ended", 10, 39)); all.take(event("cut", "ended", 30, 55));
    all.take(event("open", "started", 85));
    return seen(40, 100).map(([id]) => id);
    """
    assert await asked(page, "segments", SEGMENTS % script) == ["cut", "open"]
    spans = "[{from: 30, to: 55}, {from: 85, to: null}, {from: 0, to: 9}]"
    assert await asked(page, "geometry", f"{spans}.map((one) => m.place(one, 40, 100))") == [
        {"left": 0, "width": 0.25},
        {"left": 0.75, "width": 0.25},
        {"left": 0, "width": 0},
    ]
    marks = await asked(page, "geometry", "m.marks(1000, 1060)")
    assert [one["at"] for one in marks] == [1000, 1010, 1020, 1030, 1040, 1050, 1060]
    assert marks[3]["left"] == 0.5


async def the_takt_clock_is_full_at_the_takt_and_counts_what_is_over(page: Page) -> None:
    cases = "[[5, 20], [20, 20], [26.5, 20], [9, undefined]]"
    told = await asked(page, "geometry", f"{cases}.map(([elapsed, takt]) => m.taktOf(elapsed, takt))")
    assert told == [
        {"share": 0.25, "over_s": 0},
        {"share": 1, "over_s": 0},
        {"share": 1, "over_s": 6.5},
        {"share": 0, "over_s": 0},
    ]


async def the_feed_is_read_in_whatever_pieces_it_comes(page: Page) -> None:
    sent = ': hello\\n\\nevent: action\\nid: 7\\ndata: {"é":1}\\n\\nevent: streams\\r\\ndata: {}\\r\\n\\r\\nevent: cut'
    script = f"""(() => {{
      const bytes = new TextEncoder().encode('{sent}');
      const read = (size) => {{
        const parser = new m.SseParser(), got = [];
        for (let at = 0; at < bytes.length; at += size) got.push(...parser.push(bytes.slice(at, at + size)));
        return got;
      }};
      return [read(1), read(3), read(1000)];
    }})()"""
    by_one, by_three, at_once = await asked(page, "sse", script)
    assert by_one == by_three == at_once
    assert at_once == [{"type": "action", "id": "7", "data": '{"é":1}'}, {"type": "streams", "id": None, "data": "{}"}]


async def a_mistake_is_shown_at_its_field_and_what_a_form_does_not_show_is_left_as_it_is(page: Page) -> None:
    mistakes = (
        "['streams.2.source.rtsp.url: x', 'streams.2.watches.1.recognizer: x', 'streams.2.id: x', 'http.port: x']"
    )
    fields = await asked(page, "stream-section", f"{mistakes}.map(m.fieldOf)")
    assert fields == ["where", "watch-1-recognizer", "id", ""]
    before = """{id: "a", masks: [[0, 0, 1, 1]], source: {kind: "rtsp", url: "rtsp://x", transport: "udp"},
      watches: [{id: "w", recognizer: "cell", procedure: "old.yaml", region: [0, 0, 0.5, 1]}]}"""
    script = f"(() => {{ const old = {before}; return m.section(old, {{...m.values(old), where: 'rtsp://y'}}); }})()"
    assert await asked(page, "stream-section", script) == {
        "id": "a",
        "masks": [[0, 0, 1, 1]],
        "source": {"kind": "rtsp", "url": "rtsp://y", "transport": "udp"},
        "watches": [{"id": "w", "recognizer": "cell", "procedure": "old.yaml", "region": [0, 0, 0.5, 1]}],
    }
    other = f"m.section({before}, {{...m.values({before}), kind: 'whip', where: ''}}).source"
    assert await asked(page, "stream-section", other) == {"kind": "whip"}


async def words_of_the_service_are_sentences(page: Page) -> None:
    told = await asked(page, "words", "m.sentence('rtsp://cam refused it: is it running?; check the port')")
    assert told == "rtsp://cam refused it: is it running? Check the port."
    assert await asked(page, "words", "m.sentence('')") == ""


async def a_broken_address_is_that_of_the_wall(page: Page) -> None:
    assert await asked(page, "router", "m.parts('#/streams/cell%204')") == ["streams", "cell 4"]
    assert await asked(page, "router", "m.parts('#/streams/%')") == []
