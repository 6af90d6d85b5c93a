"""A candidate that only watches: it sees the same clips, says nothing, goes last, and hurts nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recognizers.errors import DeviceFailed
from streamer.hard_examples import Options
from streamer.testing.recognizers import CountingRecognizer, SayingRecognizer
from tests.streamer.one_worker import FOR_EVER, LOST, Plant


def pick(_: float) -> tuple[float, float]:
    return 0.1, 0.9


def idle(_: float) -> tuple[float, float]:
    return 0.9, 0.1


def in_turns(end: float) -> tuple[float, float]:
    """Two seconds each."""
    return pick(end) if end % 4 < 2 else idle(end)


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = Plant(tmp_path)
    plant.recognizer = SayingRecognizer(in_turns)
    return plant


def with_shadow(plant: Plant, shadow: SayingRecognizer) -> SayingRecognizer:
    plant.shadows["counter"] = plant.checkpoint("shadow", shadow)
    return shadow


def shadows(plant: Plant, name: str, **labels: str) -> int:
    told = ",".join(f'{key}="{value}"' for key, value in sorted({"recognizer": "counter", **labels}.items()))
    series = f"takt_shadow_{name}_total{{{told}}}"
    return plant.counted(series) if series in plant.metrics.exposition().decode() else 0


async def test_a_shadow_sees_the_very_same_clips_and_says_nothing(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    shadow = with_shadow(plant, SayingRecognizer(idle))
    async with plant.running():
        await plant.until(lambda: len(shadow.clips) > 50)

    live = {(clip.epoch, clip.index): clip for clip in plant.recognizer.clips}
    assert all(clip is live[clip.epoch, clip.index] for clip in shadow.clips if (clip.epoch, clip.index) in live)
    assert {str(message.body["model"]) for message in plant.sink.messages} == {plant.load("", plant.live).id}


async def test_agreement_and_would_be_events_are_counted(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    with_shadow(plant, SayingRecognizer(lambda end: idle(end) if end % 12 < 2 else in_turns(end)))
    async with plant.running():
        await plant.until(lambda: shadows(plant, "clips", result="disagreed") > 5)
        # The shadow may come while an action goes on: its end has then no start.
        await plant.until(lambda: shadows(plant, "events", kind="matched", action="pick", phase="ended") > 2)
        await plant.until(lambda: shadows(plant, "events", kind="matched", action="pick", phase="started") > 2)
        told = (await plant.asked(do="report"))["shadow"]
        agreed, not_so = shadows(plant, "clips", result="agreed"), shadows(plant, "clips", result="disagreed")

    assert agreed + not_so >= told["clips"] > 10
    assert told["agreement"] == pytest.approx(agreed / (agreed + not_so), abs=0.1)
    assert [(one["live"], one["shadow"]) for one in told["disagreements"]] == [("pick", "idle")]
    events = told["events"]["pick"]
    assert events["live"]["started"] > events["shadow"]["started"] >= events["matched"]["started"] > 2
    assert shadows(plant, "disagreements", live="pick", shadow="idle") >= told["disagreements"][0]["clips"]


async def test_a_shadow_with_clips_of_its_own_is_compared_with_the_nearest(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    spec = replace(CountingRecognizer.spec, frames=4, interval_s=0.2, hop_s=0.4)
    shadow = with_shadow(plant, SayingRecognizer(in_turns, spec=spec))
    async with plant.running():
        await plant.until(lambda: shadows(plant, "clips", result="agreed") > 10)
        told = (await plant.asked(do="report"))["shadow"]

    assert {len(clip.pictures) for clip in shadow.clips} == {4}
    assert told["agreement"] > 0.7


@pytest.mark.parametrize("error", [DeviceFailed("told so"), ZeroDivisionError("a bug")], ids=["known", "bug"])
async def test_a_shadow_that_fails_hurts_nobody(plant: Plant, error: Exception) -> None:
    plant.camera("cam", FOR_EVER)
    shadow = with_shadow(plant, SayingRecognizer(in_turns))
    shadow.error = error
    async with plant.running():
        await plant.until(shadow.entered.is_set)
        await plant.until(lambda: len(plant.told("cam")) >= 4)
        told = (await plant.asked(do="report"))["shadow"]

    assert told["failures"] >= 1
    assert str(error) in told["failure"]
    assert told["clips"] == 0


async def test_a_shadow_that_cannot_be_loaded_is_told_and_the_live_network_runs(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    plant.camera("cam", FOR_EVER)
    plant.shadows["counter"] = str(plant.folder / "nowhere.net")
    async with plant.running():
        await plant.until(lambda: len(plant.told("cam")) >= 2)
        assert (await plant.asked(do="report"))["shadow"] is None
    assert "runs without its shadow" in caplog.text


async def test_a_shadow_that_hangs_holds_nobody_up(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    shadow = with_shadow(plant, SayingRecognizer(in_turns))
    shadow.gate.clear()
    async with plant.running():
        await plant.until(shadow.entered.is_set)
        await plant.until(lambda: len(plant.told("cam")) >= 4)
        assert len(shadow.clips) == 1
        assert sum(shadows(plant, "clips_shed", reason=reason) for reason in ("newer", "yielded")) > 0
        shadow.gate.set()


async def test_where_there_is_no_time_for_live_clips_the_shadow_gets_none(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    shadow = with_shadow(plant, SayingRecognizer(in_turns))
    async with plant.running():
        await plant.until(lambda: len(shadow.clips) > 3)
        plant.recognizer.gate.clear()
        plant.recognizer.entered.clear()
        await plant.until(plant.recognizer.entered.is_set)
        seen = len(shadow.clips)
        await plant.clock.advance(5.0)
        assert len(shadow.clips) <= seen + 1
        plant.recognizer.gate.set()
        await plant.clock.advance(1.0)
        assert shadows(plant, "clips_shed", reason="yielded") > 0
        await plant.until(lambda: len(shadow.clips) > seen + 5)


async def test_a_promoted_shadow_is_the_one_that_was_watched(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    shadow = with_shadow(plant, SayingRecognizer(in_turns))
    async with plant.running():
        await plant.until(lambda: len(shadow.clips) > 3)
        (plant.folder / "shadow.net").write_text("another")
        assert "not what was looked at" in (await plant.asked(do="promote"))["problem"]
        (plant.folder / "shadow.net").write_text("shadow")
        told = await plant.asked(do="promote")
        assert (told["result"], told["warm"]) == ("promoted", True)
        after = await plant.asked(do="report")
        assert after["shadow"] is None
        assert after["live"]["model"] == told["model"]
        assert (await plant.asked(do="undo"))["model"] == told["before"]
        await plant.until(lambda: 'role="shadow"' in plant.metrics.exposition().decode())


async def test_clips_that_a_shadow_sees_otherwise_are_kept_for_labelling(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    plant.hard_examples = Options(plant.folder / "hard", per_hour=3600, max_bytes=1 << 20, below=0.0)
    with_shadow(plant, SayingRecognizer(idle))
    lines = plant.folder / "hard" / "unlabelled.jsonl"
    async with plant.running():
        await plant.until(lambda: lines.exists() and len(lines.read_text().splitlines()) > 1)

    kept = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {one["why"] for one in kept} == {"disagreed"}
    assert all((plant.folder / "hard" / one["path"]).stat().st_size > 0 for one in kept)


async def test_a_shadow_forgets_a_camera_that_was_lost(plant: Plant) -> None:
    plant.camera("cam", [*FOR_EVER[:999], LOST])  # again and again: it is read in real time, and may miss the first
    shadow = with_shadow(plant, SayingRecognizer(in_turns))
    async with plant.running():
        await plant.until(lambda: len({clip.epoch for clip in shadow.clips}) >= 2)
        await plant.until(lambda: len(plant.told("cam")) >= 4)
        told = (await plant.asked(do="report"))["shadow"]
    assert told["agreement"] == 1.0
