"""Everybody is told the same, made into text once; nobody holds up who tells it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from recognizers.prediction import Prediction
from streamer.errors import NotNow
from streamer.feed import BEST, HERE_S, KINDS, MOST_EVENTS, MOST_VIEWERS, SCORES_S, Feed, Item
from streamer.history import Entry
from streamer.history.history import entry_of
from streamer.testing.messages import action_event
from streamer.testing.time import FakeClock
from streamer.wire import action_message


def everything(_: Item) -> bool:
    return True


def entry(number: int) -> Entry:
    return entry_of(action_message(action_event(number=number), "rtcp"), number)


def told(text: bytes) -> list[tuple[str, Any]]:
    parts = [dict(line.split(": ", 1) for line in part.split("\n")) for part in text.decode().strip().split("\n\n")]
    return [(part["event"], json.loads(part["data"])) for part in parts]


def prediction(*scores: float) -> Prediction:
    return Prediction("cam", "bench", 1, 1, 0.0, 1.0, 1_700_000_000.25, 0.0, np.array(scores, np.float32))


async def test_all_viewers_share_one_text() -> None:
    feed = Feed(FakeClock())
    with feed.viewing(everything) as one, feed.viewing(everything) as other:
        feed.happened([entry(1)])
        feed.shown("cam/bench/state", {"schema": "takt.state.v1"})
        waiting = [*one._events, *one._newest.values()]
        assert all(a is b for a, b in zip(waiting, [*other._events, *other._newest.values()], strict=True))
        assert len(waiting) == 2
        assert await one.take() == await other.take()


async def test_of_a_state_only_the_newest_waits_and_of_events_each() -> None:
    feed = Feed(FakeClock())
    with feed.viewing(everything) as viewer:
        for n in range(1000):
            feed.shown("cam/bench/andon", {"calls": n})
        feed.happened(map(entry, range(1, 4)))
        kinds = told(await viewer.take())
    assert [kind for kind, _ in kinds] == ["action"] * 3 + ["andon"]
    assert kinds[-1][1] == {"stream": "cam", "body": {"calls": 999}, "watch": "bench"}


async def test_a_viewer_that_takes_nothing_costs_no_more_than_its_queue() -> None:
    feed = Feed(FakeClock())
    with feed.viewing(everything) as viewer:
        feed.happened(map(entry, range(1, 2 * MOST_EVENTS)))
        assert viewer.behind
        assert len(told(viewer.rest())) == MOST_EVENTS
        assert viewer.number == MOST_EVENTS
    assert feed.viewers == 0


def test_without_viewers_nothing_is_made_into_text() -> None:
    feed = Feed(FakeClock())
    unwritable = {"schema": object()}
    feed.shown("cam/status", unwritable)
    feed.scored(prediction(0.5), [])
    assert feed.document("cam/status") is unwritable


async def test_scores_are_the_best_and_told_of_now_and_then() -> None:
    clock, labels = FakeClock(), list("abcdefgh")
    feed = Feed(clock)
    with feed.viewing(everything) as viewer:
        feed.scored(prediction(0.1, 0.8, 0.02, 0.03, 0.01, 0.02, 0.005, 0.015), labels)
        feed.scored(prediction(0.9, 0.1, 0, 0, 0, 0, 0, 0), labels)
        ((kind, first),) = told(await viewer.take())
        await clock.advance(SCORES_S)
        feed.scored(prediction(*[float("nan")] * 8), labels)
        feed.scored(prediction(0.9, 0.1, 0, 0, 0, 0, 0, 0), labels)
        ((_, second),) = told(await viewer.take())
    assert (kind, list(first["scores"])[:2], len(first["scores"])) == ("scores", ["b", "a"], BEST)
    assert first["at"] == 1_700_000_000.25
    assert second["scores"]["a"] == 0.9


async def test_a_stream_that_is_no_more_is_forgotten() -> None:
    feed = Feed(FakeClock())
    for topic in ("cam/status", "cam/bench/state", "cam2/status"):
        feed.shown(topic, {"topic": topic})
    feed.forget("cam")
    assert [data["stream"] for _, data in told(feed.snapshot(everything))] == ["cam2"]


async def test_kinds_are_those_that_it_knows() -> None:
    clock, feed = FakeClock(), Feed(FakeClock())
    for topic in ("cam/status", "cam/bench/state", "cam/bench/andon", "cam/bench/last/1m"):
        feed.shown(topic, {})
    assert {kind for kind, _ in told(feed.snapshot(everything))} < set(KINDS)
    assert clock.slept == []


async def test_a_sign_of_life_is_given_when_nothing_happens() -> None:
    clock = FakeClock()
    feed = Feed(clock)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(feed.run())
        with feed.viewing(lambda item: not item.kind) as viewer:
            await clock.advance(HERE_S * 2.5)
            assert viewer.rest() == b": here\n\n"
        task.cancel()


def test_no_more_than_so_many_look_on() -> None:
    feed = Feed(FakeClock())
    contexts = [feed.viewing(everything) for _ in range(MOST_VIEWERS + 1)]
    for context in contexts[:-1]:
        context.__enter__()
    with pytest.raises(NotNow, match=str(MOST_VIEWERS)):
        contexts[-1].__enter__()
    contexts[0].__exit__(None, None, None)
    assert feed.viewers == MOST_VIEWERS - 1
