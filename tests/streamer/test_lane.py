"""A running stream: what is open ends at once when the camera is lost, and a bug stays inside its stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from uuid import UUID

import numpy as np
import pytest

from recognizers.clip import WHOLE_PICTURE, ClipSpec
from recognizers.prediction import Actors, Prediction
from streamer.clock import SystemClock
from streamer.emitter import Emitter
from streamer.event import Event, OpenAction, OpenCycle
from streamer.frame import Blind, Frame
from streamer.lane import Lane
from streamer.scheduler import Scheduler
from streamer.segmenter import EventRule
from streamer.stages import StreamStages, Watch
from streamer.wire import Message


class Outbox:
    def __init__(self) -> None:
        self.messages: list[Message] = []

    async def accept(
        self, messages: Sequence[Message], opened: Sequence[OpenAction | OpenCycle] = (), closed: Sequence[UUID] = ()
    ) -> Sequence[Message]:
        self.messages += messages
        return messages


class Counts:
    def __init__(self) -> None:
        self.shed: list[str] = []
        self.people: list[tuple[str, str, int]] = []
        self.not_finite: list[tuple[str, str]] = []
        self.blind: list[str] = []

    def emitted(self, event: Event) -> None: ...

    def sight(self, stream: str, blind: str) -> None:
        self.blind.append(blind)

    def events_lost(self, count: int) -> None: ...

    def frame(self, stream: str, captured_at: float) -> None: ...

    def clip_cut(self, stream: str, coverage: float) -> None: ...

    def stored(self, took_s: float) -> None: ...

    def queued(self, took_s: float) -> None: ...

    def decided(self, latency_s: float) -> None: ...

    def actors(self, stream: str, watch: str, count: int) -> None:
        self.people.append((stream, watch, count))

    def scores_not_finite(self, stream: str, watch: str) -> None:
        self.not_finite.append((stream, watch))

    def clip_shed(self, stream: str, reason: str) -> None:
        self.shed.append(reason)


class Impatient(SystemClock):
    """Pauses cost nothing; the third one ends the test."""

    def __init__(self) -> None:
        self.pauses: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) == 3:
            raise asyncio.CancelledError
        await asyncio.sleep(0)


class Rig:
    def __init__(self, min_coverage: float = 0.75, stream: str = "cam") -> None:
        spec = ClipSpec(frames=4, interval_s=0.1, hop_s=0.1, short_side_px=2)
        rules = {"default": EventRule(release_s=0, smooth_s=0)}
        watch = Watch("bench", "net", spec, ("idle", "pick"), "idle", WHOLE_PICTURE, min_coverage, rules)
        self.outbox, self.counts, self.clock = Outbox(), Counts(), Impatient()
        self.emitter = Emitter(self.outbox, lambda _: "arrival", self.clock, self.counts)
        self.scheduler = Scheduler(8, 0, self.clock, self.counts)
        self.lane = Lane(StreamStages(stream, [watch]), {"net": self.scheduler}, self.emitter, self.clock, self.counts)

    async def stored(self) -> list[tuple[object, object]]:
        async with asyncio.TaskGroup() as group:
            storing = group.create_task(self.emitter.run())
            await self.emitter.flush()
            storing.cancel()
        return [(message.body["phase"], message.body.get("reason")) for message in self.outbox.messages]


def frame(number: int, epoch: int = 1, slot: int | None = None) -> Frame:
    media_s = (number if slot is None else slot) * 0.1
    return Frame("cam", epoch, number, 1000 + media_s, media_s, np.zeros((2, 2, 3), np.uint8))


def prediction(epoch: int, media_s: float) -> Prediction:
    return Prediction("cam", "bench", epoch, 0, 0, media_s, 1000 + media_s, 1000, np.array([0.1, 0.9], np.float32))


async def test_what_is_open_ends_when_the_camera_is_lost_not_when_it_is_back() -> None:
    rig = Rig()
    await rig.lane.take(frame(0))
    rig.lane.answer(prediction(1, 1.0))
    rig.lane.lose()

    assert await rig.stored() == [("started", None), ("ended", "source_lost")]


async def test_a_new_epoch_ends_what_the_one_before_left_open() -> None:
    rig = Rig()
    await rig.lane.take(frame(0))
    rig.lane.answer(prediction(1, 1.0))
    await rig.lane.take(frame(0, epoch=2))
    rig.lane.answer(prediction(1, 2.0))

    assert await rig.stored() == [("started", None), ("ended", "source_lost")]


async def test_people_are_counted_where_they_are_told_apart_and_are_gone_with_the_camera() -> None:
    rig = Rig()
    await rig.lane.take(frame(0))
    boxes, scores = np.array([[0.1, 0.1, 0.3, 0.9]], np.float32), np.array([[0.1, 0.9]], np.float32)
    actors = Actors(boxes, np.ones(1, np.float32), scores)
    for media_s in (1.0, 2.0):
        rig.lane.answer(replace(prediction(1, media_s), actors=actors))
    rig.lane.lose()

    assert rig.counts.people == [("cam", "bench", 0), ("cam", "bench", 1), ("cam", "bench", 0)]
    assert await rig.stored() == [("started", None), ("ended", "source_lost")]
    assert [message.body["actor"] for message in rig.outbox.messages] == [{"id": 1, "box": [0.1, 0.1, 0.3, 0.9]}] * 2


async def test_why_pictures_show_nothing_is_told_when_it_changes_and_is_over_with_the_connection() -> None:
    rig = Rig()
    for number, reason in enumerate(["", "dark", "dark", "", "frozen"]):
        await rig.lane.take(replace(frame(number), blind=Blind(reason, number / 10) if reason else None))
    rig.lane.lose()

    assert rig.counts.blind == ["dark", "", "frozen", ""]


async def test_a_clip_with_too_little_coverage_is_not_looked_at_and_is_counted() -> None:
    rig = Rig(min_coverage=0.75)
    for number, slot in enumerate([0, 3, 4, 5, 6]):
        await rig.lane.take(frame(number, slot=slot))

    assert rig.counts.shed == ["coverage", "coverage", "newer"]
    assert len(rig.scheduler) == 1


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
async def test_scores_that_are_no_numbers_change_nothing_and_are_counted(number: float) -> None:
    rig = Rig()
    await rig.lane.take(frame(0))
    rig.lane.answer(prediction(1, 1.0))
    rig.lane.answer(replace(prediction(1, 2.0), scores=np.array([number, 0.1], np.float32)))

    assert rig.counts.not_finite == [("cam", "bench")]
    assert await rig.stored() == [("started", None)]


async def test_a_bug_in_a_stream_ends_its_actions_and_the_stream_starts_again() -> None:
    rig = Rig()
    attempts = 0

    async def buggy() -> AsyncGenerator[Frame, None]:
        nonlocal attempts
        attempts += 1
        yield frame(0, epoch=attempts)
        rig.lane.answer(prediction(attempts, 1.0))
        raise RuntimeError("a bug")

    with contextlib.suppress(asyncio.CancelledError):
        await rig.lane.follow(buggy)

    assert attempts == 3
    assert await rig.stored() == [("started", None), ("ended", "source_lost")] * 3


async def test_a_recording_that_ends_is_over_and_says_so() -> None:
    rig = Rig()

    async def film() -> AsyncGenerator[Frame, None]:
        yield frame(0)
        rig.lane.answer(prediction(1, 1.0))

    await rig.lane.follow(film)

    assert await rig.stored() == [("started", None), ("ended", "source_ended")]


@pytest.mark.parametrize(("size", "told"), [((90, 160), "56 %"), ((90, 110), None), ((160, 90), "56 %")])
async def test_a_region_of_which_a_good_part_is_not_looked_at_is_told_once_an_epoch(
    size: tuple[int, int], told: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig()
    for number in range(3):
        await rig.lane.take(replace(frame(number), picture=np.zeros((*size, 3), np.uint8)))

    assert len(caplog.messages) == (told is not None)
    assert told is None or f"watch bench: only the central square of its region is looked at, {told}" in caplog.text


@pytest.mark.parametrize(("level", "looked_at"), [(0, 24), (1, 12), (2, 8), (3, 6)])
async def test_of_a_degraded_stream_one_clip_of_so_many_is_looked_at(level: int, looked_at: int) -> None:
    rig = Rig()
    rig.lane.level = level
    taken = 0
    for number in range(27):  # the first clip ends with the fourth picture
        await rig.lane.take(frame(number))
        taken += len(rig.scheduler.take()) if len(rig.scheduler) else 0
    assert taken == looked_at
    assert rig.counts.shed == ["degraded"] * (24 - looked_at)


async def test_degraded_streams_that_began_together_do_not_all_ask_at_the_same_moment() -> None:
    asked = [0, 0, 0, 0]
    for stream in (f"cam-{n}" for n in range(16)):
        rig = Rig(stream=stream)
        rig.lane.level = 3
        for number in range(7):
            await rig.lane.take(replace(frame(number), stream=stream))
            if len(rig.scheduler):
                rig.scheduler.take()
                asked[number - 3] += 1
    assert sum(asked) == 16
    assert max(asked) <= 8, "with luck alone, four at each"
