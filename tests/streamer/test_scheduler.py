"""Batches across streams; the newest clip wins; every shed clip is counted."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE, Clip
from streamer.clock import SystemClock
from streamer.scheduler import BACKLOG, PAUSE_S, Scheduler
from streamer.testing.time import FakeClock


class Observed:
    def __init__(self) -> None:
        self.shed: list[tuple[str, str]] = []
        self.took_s: list[float] = []

    def clip_shed(self, stream: str, reason: str) -> None:
        self.shed.append((stream, reason))

    def queued(self, took_s: float) -> None:
        self.took_s.append(took_s)


def clip(stream: str, index: int = 0) -> Clip:
    picture = np.zeros((2, 2, 3), np.uint8)
    return Clip(stream, "bench", 1, index, 0.0, 1.0, 1000.0, 999.0, WHOLE_PICTURE, 1.0, (picture,))


def names(batch: list[Clip]) -> list[tuple[str, int]]:
    return [(one.stream, one.index) for one in batch]


async def test_a_full_batch_leaves_at_once() -> None:
    scheduler = Scheduler(2, 3600, SystemClock(), Observed())
    scheduler.offer(clip("a"))
    scheduler.offer(clip("b"))
    scheduler.offer(clip("c"))

    assert names(await scheduler.next_batch()) == [("a", 0), ("b", 0)]
    assert len(scheduler) == 1


async def test_a_lonely_clip_leaves_at_the_deadline() -> None:
    scheduler = Scheduler(8, 0.01, SystemClock(), Observed())
    scheduler.offer(clip("a"))

    assert names(await scheduler.next_batch()) == [("a", 0)]


async def test_the_newest_clip_of_a_watch_wins_and_keeps_the_place_of_the_one_it_sheds() -> None:
    observed = Observed()
    scheduler = Scheduler(2, 0, SystemClock(), observed)
    for one in (clip("a", 0), clip("b", 0), clip("a", 1)):
        scheduler.offer(one)

    assert names(await scheduler.next_batch()) == [("a", 1), ("b", 0)]
    assert observed.shed == [("a", "newer")]


async def test_under_overload_the_watch_that_waits_longest_is_served_first() -> None:
    scheduler = Scheduler(1, 0, SystemClock(), Observed())
    served = []
    for turn in range(6):
        for stream in ("a", "b", "c"):
            scheduler.offer(clip(stream, turn))
        served += [one.stream for one in await scheduler.next_batch()]

    assert served == ["a", "b", "c", "a", "b", "c"]


async def test_a_cancelled_wait_loses_no_clip() -> None:
    scheduler = Scheduler(8, 3600, SystemClock(), Observed())
    scheduler.offer(clip("a"))
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(scheduler.next_batch())
        await asyncio.sleep(0)
        waiting.cancel()

    assert len(scheduler) == 1


async def test_clips_of_an_epoch_that_is_over_are_shed() -> None:
    observed = Observed()
    scheduler = Scheduler(8, 0, SystemClock(), observed)
    scheduler.offer(clip("a"))
    scheduler.offer(clip("b"))
    scheduler.forget("a")

    assert names(await scheduler.next_batch()) == [("b", 0)]
    assert observed.shed == [("a", "epoch")]


async def test_how_long_each_clip_of_a_batch_waited_is_told() -> None:
    observed, clock = Observed(), FakeClock()
    scheduler = Scheduler(2, 3600, clock, observed)
    scheduler.offer(clip("a", 0))
    await clock.advance(1)
    scheduler.offer(clip("a", 1))
    await clock.advance(2)
    scheduler.offer(clip("b"))
    await scheduler.next_batch()

    assert observed.took_s == [2, 0]
    assert scheduler.waited_s == (2, 0)


async def test_a_stream_is_settled_when_its_clips_are_answered_or_shed() -> None:
    """Whoever takes the next batch has answered the one before; another stream's clips concern nobody."""
    scheduler = Scheduler(1, 0, SystemClock(), Observed())
    await scheduler.settled("a")
    scheduler.offer(clip("a"))
    scheduler.offer(clip("b"))
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        settled = group.create_task(scheduler.settled("a"))
        assert names(await scheduler.next_batch()) == [("a", 0)]
        await asyncio.sleep(0)
        assert not settled.done()
        assert names(await scheduler.next_batch()) == [("b", 0)]
        await settled
        other = group.create_task(scheduler.settled("c"))
        await other

    scheduler.offer(clip("a"))
    scheduler.forget("a")
    async with asyncio.timeout(5):
        await scheduler.settled("a")


async def test_a_continual_recognizers_clips_wait_in_their_order_one_a_watch_in_a_batch() -> None:
    observed = Observed()
    scheduler = Scheduler(3, 0, SystemClock(), observed, continual=True)
    for one in (clip("a", 0), clip("a", 1), clip("b", 0), clip("a", 2)):
        scheduler.offer(one)

    assert len(scheduler) == 4
    assert [names(await scheduler.next_batch()) for _ in range(3)] == [[("a", 0), ("b", 0)], [("a", 1)], [("a", 2)]]
    assert observed.shed == []


async def test_a_watch_that_falls_behind_is_paused_as_a_whole_and_the_others_stay_warm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    observed, clock = Observed(), FakeClock()
    scheduler = Scheduler(8, 0, clock, observed, continual=True)
    for index in range(BACKLOG + 1):
        scheduler.offer(clip("a", index))
    scheduler.offer(clip("b", 0))
    scheduler.offer(clip("a", BACKLOG + 1))

    assert observed.shed == [("a", "overload")] * (BACKLOG + 1) + [("a", "paused")]
    assert names(await scheduler.next_batch()) == [("b", 0)]
    assert "stream a, watch bench is paused for 10 s" in caplog.text
    await clock.advance(PAUSE_S)
    scheduler.offer(clip("a", BACKLOG + 9))
    assert names(await scheduler.next_batch()) == [("a", BACKLOG + 9)]


async def test_under_overload_some_watches_of_a_continual_recognizer_miss_nothing() -> None:
    """Four watches, a device that has time for two: whoever is not paused sees every clip."""
    observed, clock = Observed(), FakeClock()
    scheduler = Scheduler(1, 0, clock, observed, continual=True)
    seen: list[tuple[str, int]] = []
    for turn in range(100):
        for stream in "abcd":
            scheduler.offer(clip(stream, turn))
        for _ in range(2):
            if len(scheduler):
                seen += names(await scheduler.next_batch())
        await clock.advance(0.1)

    follow_on = [(stream, index) for stream, index in seen if (stream, index - 1) in seen]
    assert len(follow_on) >= 0.8 * len(seen) >= 0.7 * 200


async def test_a_pause_ends_with_the_epoch() -> None:
    scheduler = Scheduler(8, 0, FakeClock(), Observed(), continual=True)
    for index in range(BACKLOG + 1):
        scheduler.offer(clip("a", index))
    scheduler.forget("a")
    scheduler.offer(clip("a", 0))
    assert names(await scheduler.next_batch()) == [("a", 0)]
