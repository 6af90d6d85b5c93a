"""A worker runs its streams apart from each other, and ends what it began, however it ends. Time is virtual."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from streamer.errors import OutboxUnavailable, SourceRejected
from streamer.frame import Frame
from streamer.outbox.store import Store
from streamer.testing.sources import ScriptedSource
from streamer.testing.time import FakeClock
from tests.streamer.one_worker import FOR_EVER, LOST, Plant


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


async def test_a_worker_ends_with_its_last_recording(plant: Plant) -> None:
    plant.camera("short", FOR_EVER[:5])
    plant.camera("long", FOR_EVER[:50])
    async with plant.running() as worker:
        await plant.until(worker.done)

        assert plant.told("short") == plant.told("long") == [("started", None), ("ended", "source_ended")]
        assert [message.seq for message in plant.sink.messages if message.stream == "long"] == [1, 2]
        assert not plant.health.ready


async def test_stopping_ends_open_actions_and_delivers_them(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        assert plant.health.ready
        assert plant.status("cam") == ("online", "live")

    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]
    assert plant.status("cam") == ("offline", "shutdown")
    assert not plant.health.ready


async def test_answers_that_are_no_numbers_are_counted_and_make_no_events(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER[:20])
    plant.camera("other", FOR_EVER[:20])
    plant.loss_free = {"cam", "other"}
    plant.recognizer.senseless = {("cam", index) for index in range(99)} | {("other", 7)}
    async with plant.running() as worker:
        await plant.until(worker.done)

    counted = [
        plant.counted(f'takt_scores_not_finite_total{{stream="{name}",watch="bench"}}') for name in plant.sources
    ]
    assert counted == [plant.recognized("cam"), 1]
    assert plant.recognized("cam") == plant.recognized("other") > 10
    assert plant.told("cam") == []
    assert plant.told("other") == [("started", None), ("ended", "source_ended")]


async def test_a_lost_camera_ends_its_action_and_comes_back_with_a_new_one(plant: Plant) -> None:
    plant.camera("cam", [*FOR_EVER[:9], LOST], FOR_EVER)
    async with plant.running():
        await plant.until(lambda: len(plant.told("cam")) == 3)
        assert plant.status("cam") == ("online", "live")

    assert plant.told("cam") == [("started", None), ("ended", "source_lost"), ("started", None), ("ended", "shutdown")]
    started, ended, again, _ = (message.body for message in plant.sink.messages)
    assert started["action_id"] == ended["action_id"] != again["action_id"]
    assert started["epoch"] < again["epoch"]


async def test_the_action_of_a_lost_camera_ends_at_once_not_when_it_is_back(plant: Plant) -> None:
    plant.camera("cam", [*FOR_EVER[:9], LOST], [LOST])
    async with plant.running():
        await plant.until(lambda: len(plant.told("cam")) == 2)
        assert plant.told("cam") == [("started", None), ("ended", "source_lost")]
        assert plant.status("cam") == ("offline", "eof")


class BuggySource:
    """Delivers a few frames and then fails as nobody foresaw."""

    def __init__(self, inner: ScriptedSource) -> None:
        self.inner = inner

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        async for frame in self.inner.frames(epoch):
            yield frame
            if frame.index == 4:
                raise ZeroDivisionError("a bug")


async def test_one_camera_never_stops_another(plant: Plant) -> None:
    """Neither one that is away, nor one that refuses, nor one whose own code fails again and again."""
    away = plant.camera("away", [LOST])
    refused = plant.camera("refused", [SourceRejected("auth", "told so")])
    buggy = plant.camera("buggy", FOR_EVER)
    plant.sources["buggy"] = BuggySource(buggy)
    plant.camera("good", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: min(away.attempts, refused.attempts, buggy.attempts) >= 3)
        assert plant.told("good") == [("started", None)]
        assert plant.status("away")[0] == plant.status("refused")[0] == "offline"
        assert plant.status("refused")[1] == "auth"

    assert plant.told("good") == [("started", None), ("ended", "shutdown")]
    assert ("started", None) in plant.told("buggy")
    assert plant.told("buggy").count(("started", None)) == len(plant.told("buggy")) / 2
    assert plant.told("away") == plant.told("refused") == []


async def test_a_recognizer_that_fails_on_one_stream_is_asked_again(plant: Plant) -> None:
    """A batch that fails has no answers; whoever is in the next one is not concerned."""
    plant.recognizer.broken_streams = {"strange"}
    plant.camera("strange", FOR_EVER)
    plant.camera("good", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: plant.told("good") == [("started", None)])
    assert plant.told("strange") == []


async def test_events_wait_for_a_broker_that_is_away_until_the_next_start(plant: Plant) -> None:
    plant.sink.available = False
    plant.grace_s = 0.05
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: plant.sink.attempts > 0)
    assert plant.sink.messages == []

    plant.sink.available = True
    plant.grace_s = 5.0
    plant.stop = asyncio.Event()
    plant.sources.clear()
    plant.camera("other", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: len(plant.told("cam")) == 2)
    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]


async def test_what_was_open_in_a_crash_is_ended_at_the_next_start_exactly_once(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running() as worker:
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        worker.cancel()  # nothing runs any more that could end the action
    plant.sources.clear()
    plant.camera("other", FOR_EVER[:3])
    for _ in range(2):
        plant.stop = asyncio.Event()
        async with plant.running() as worker:
            await plant.until(worker.done)

    assert plant.told("cam") == [("started", None), ("ended", "interrupted")]
    started, ended = (message.body for message in plant.sink.messages if message.stream == "cam")
    assert started["action_id"] == ended["action_id"]
    assert "duration_s" not in ended


async def test_an_outbox_in_use_is_told_and_nothing_is_begun(plant: Plant) -> None:
    source = plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: plant.health.ready)
        with pytest.raises(OutboxUnavailable, match="in use by another process"):
            await plant.worker().run(asyncio.Event())
        assert source.attempts <= 1


async def test_an_outbox_that_ends_by_a_bug_ends_the_service(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Alive and ready, yet deaf for ever, would be worse: nobody would start it again."""
    plant.camera("cam", [*FOR_EVER[:9], LOST])
    monkeypatch.setattr(Store, "accept", lambda *_: sys.exit("a bug"))
    with pytest.raises(ExceptionGroup) as raised:
        async with plant.running():
            await plant.until(lambda: False)

    assert raised.group_contains(OutboxUnavailable, match="a bug")


async def test_metrics_tell_what_became_of_each_clip(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER[:30])
    async with plant.running() as worker:
        await plant.until(worker.done)
    lines = plant.metrics.exposition().decode().splitlines()
    values = {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}

    assert values['takt_frames_processed_total{stream="cam"}'] == 30
    assert values['takt_stream_state{state="ended",stream="cam"}'] == 1
    assert values["takt_events_published_total"] == 2
    cut = values['takt_clips_cut_total{stream="cam"}']
    looked_at = values['takt_clips_recognized_total{stream="cam"}']
    shed = sum(value for name, value in values.items() if name.startswith("takt_clips_shed_total"))
    assert cut == pytest.approx(28, abs=1)
    assert 0 < looked_at <= cut == looked_at + shed
    assert values['takt_stage_duration_seconds_count{stage="queue"}'] == looked_at
    for stage in ("store", "publish"):
        assert values[f'takt_stage_duration_seconds_count{{stage="{stage}"}}'] == 2


async def test_of_a_recording_that_can_wait_every_clip_is_looked_at(plant: Plant) -> None:
    """However fast it is read, and beside a camera."""
    plant.sources["film"] = ScriptedSource("film", [FOR_EVER[:200]], FakeClock(hurried=True))
    plant.loss_free = {"film"}
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: len(plant.told("film")) == 2)
    assert plant.told("film") == [("started", None), ("ended", "source_ended")]
    assert plant.recognized("film") == 199


async def test_what_waits_at_the_end_of_a_recording_is_answered_before_its_actions_end(plant: Plant) -> None:
    plant.recognizer.gate.clear()
    plant.sources["film"] = ScriptedSource("film", [FOR_EVER[:2]], FakeClock(hurried=True))
    async with plant.running() as worker:
        await plant.until(plant.recognizer.entered.is_set)
        await plant.clock.advance(1.0)
        assert plant.told("film") == []
        plant.recognizer.gate.set()
        await plant.until(worker.done)
    assert plant.told("film") == [("started", None), ("ended", "source_ended")]


async def test_the_outbox_can_be_looked_at_while_the_service_runs(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        told = await plant.asked(do="outbox", what="show")
        assert told["waiting"].keys() == {"main"}
        assert (await plant.asked(do="outbox", what="replay", sink="nowhere"))["problem"].startswith("there is no sink")


async def test_a_clock_that_is_set_is_counted_and_ends_nothing(plant: Plant) -> None:
    """Whoever reads events later must know that times before and after do not compare."""
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        assert plant.counted("takt_clock_steps_total") == 0
        plant.clock.began += 3600
        before = plant.recognized("cam")
        await plant.until(lambda: plant.recognized("cam") > before + 10)

        assert plant.counted("takt_clock_steps_total") == 1
        assert plant.told("cam") == [("started", None)]
