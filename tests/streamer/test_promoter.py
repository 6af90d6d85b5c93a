"""Networks change while cameras are watched: nothing is lost, nothing is said twice, and what fails changes nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from recognizers.errors import DeviceFailed
from streamer.testing.recognizers import CountingRecognizer, SayingRecognizer
from tests.streamer.one_worker import FOR_EVER, LOST, Plant


def pick(_: float) -> tuple[float, float]:
    return 0.1, 0.9


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = Plant(tmp_path)
    plant.recognizer = SayingRecognizer(pick)
    return plant


async def test_cameras_epochs_and_open_actions_outlast_a_promotion(plant: Plant) -> None:
    camera = plant.camera("cam", FOR_EVER)
    better = plant.checkpoint("better", SayingRecognizer(pick))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        told = await plant.asked(do="promote", checkpoint=better)
        seen = plant.networks["better"].clips  # type: ignore[attr-defined]
        await plant.until(lambda: len(seen) > 20)

    assert told["result"] == "promoted"
    assert camera.attempts == 1
    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]
    started, ended = (message.body for message in plant.sink.messages)
    assert started["action_id"] == ended["action_id"]
    assert (started["model"], ended["model"]) == (told["before"], told["model"])
    assert plant.counted('takt_promotions_total{recognizer="counter",result="promoted"}') == 1


async def test_the_broker_and_the_metrics_say_which_network_is_live(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    better = plant.checkpoint("better", SayingRecognizer(pick))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") != [])
        before = plant.sink.states["cam/status"]
        told = await plant.asked(do="promote", checkpoint=better)
        after = plant.sink.states["cam/status"]
        series = [line for line in plant.metrics.exposition().decode().splitlines() if "takt_recognizer_info{" in line]

    assert before["models"] == {"bench": told["before"]}
    assert after == {**before, "models": {"bench": told["model"]}}
    (live,) = series
    assert f'checkpoint="{better}",model="{told["model"]}",recognizer="counter",role="live"' in live


async def test_what_the_new_network_does_not_know_ends_with_a_reason(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    other = plant.checkpoint("other", SayingRecognizer(pick, labels=("idle", "place")))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        told = await plant.asked(do="promote", checkpoint=other)
        await plant.until(lambda: len(plant.told("cam")) == 3)

    said = [(m.body["action"], m.body["phase"], m.body.get("reason"), m.body["model"]) for m in plant.sink.messages]
    assert said == [
        ("pick", "started", None, told["before"]),
        ("pick", "ended", "model_changed", told["before"]),
        ("place", "started", None, told["model"]),
        ("place", "ended", "shutdown", told["model"]),
    ]


async def test_clips_of_another_length_are_there_when_the_network_takes_over(plant: Plant) -> None:
    """Where the new one wants longer clips, no moment passes unseen while they fill."""
    plant.camera("cam", FOR_EVER)
    spec = replace(CountingRecognizer.spec, frames=30)
    long = plant.checkpoint("long", SayingRecognizer(pick, spec=spec))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        told = await plant.asked(do="promote", checkpoint=long)
        assert told["warm"] is True
        seen = plant.networks["long"].clips  # type: ignore[attr-defined]
        await plant.until(lambda: len(seen) > 20)

    assert {len(clip.pictures) for clip in seen} == {30}
    assert all(one.index < other.index for one, other in pairwise(seen))  # it goes on where it stood
    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]


async def test_a_candidate_that_needs_more_than_is_decoded_is_told_how_to_come_in(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    sharp = SayingRecognizer(pick, spec=replace(CountingRecognizer.spec, short_side_px=99))
    quick = SayingRecognizer(pick, spec=replace(CountingRecognizer.spec, interval_s=0.01))
    async with plant.running():
        for name, network in (("sharp", sharp), ("quick", quick)):
            told = await plant.asked(do="promote", checkpoint=plant.checkpoint(name, network))
            assert "more than stream cam is decoded for; name it as `shadow`" in told["problem"]


async def test_a_checkpoint_that_cannot_be_loaded_leaves_the_old_network_running(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    nothing = plant.folder / "nothing.net"
    nothing.write_text("nothing")
    async with plant.running():
        for checkpoint, why in ((str(nothing), "holds no network"), ("/nowhere", "no checkpoint at /nowhere")):
            assert why in (await plant.asked(do="promote", checkpoint=checkpoint))["problem"]
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        assert plant.counted('takt_promotions_total{recognizer="counter",result="failed"}') == 2
    assert not (plant.folder / "promoted.json").exists()


@pytest.mark.parametrize("error", [DeviceFailed("told so"), ZeroDivisionError("a bug")], ids=["known", "bug"])
async def test_a_candidate_that_fails_on_live_clips_does_not_take_over(plant: Plant, error: Exception) -> None:
    plant.camera("cam", FOR_EVER)
    bad = SayingRecognizer(pick)
    bad.error = error
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        told = await plant.asked(do="promote", checkpoint=plant.checkpoint("bad", bad))
        assert "failed on live clips" in told["problem"]
        assert str(error) in told["problem"]
        before = plant.recognized("cam")
        await plant.until(lambda: plant.recognized("cam") > before)
        assert (await plant.asked(do="report"))["live"]["checkpoint"] == plant.live
    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]


async def test_a_choice_that_cannot_be_stored_is_not_carried_out(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    better = plant.checkpoint("better", SayingRecognizer(pick))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        (plant.folder / "promoted.json").mkdir()  # as a disk that takes nothing
        assert "promoted.json" in (await plant.asked(do="promote", checkpoint=better))["problem"]
        assert (await plant.asked(do="report"))["live"]["checkpoint"] == plant.live


async def test_an_undo_goes_back_step_by_step(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    names = [plant.checkpoint(name, SayingRecognizer(pick)) for name in ("second", "third")]
    live = []
    async with plant.running():
        for name in names:
            live.append((await plant.asked(do="promote", checkpoint=name))["before"])
            (plant.folder / name).unlink()  # what was promoted is kept, whatever becomes of the file
        for before in reversed(live):
            assert (await plant.asked(do="undo"))["model"] == before
        assert "nothing to undo" in (await plant.asked(do="undo"))["problem"]
        assert (await plant.asked(do="report"))["live"]["checkpoint"] == plant.live
    assert plant.told("cam") == [("started", None), ("ended", "shutdown")]
    assert list((plant.folder / "models").iterdir()) == []


async def test_what_is_live_already_is_not_loaded_again(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        assert "is live already" in (await plant.asked(do="promote", checkpoint=plant.live))["problem"]


async def test_a_recognizer_that_does_not_run_is_told(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        assert "there are: counter" in (await plant.asked(do="promote", recognizer="countre"))["problem"]
        assert "has no shadow" in (await plant.asked(do="promote"))["problem"]


async def test_a_camera_that_comes_and_goes_meanwhile_ends_what_it_began_once(plant: Plant) -> None:
    camera = plant.camera("cam", *[[*FOR_EVER[:99], LOST]] * 3, FOR_EVER)
    networks = [plant.checkpoint(str(n), SayingRecognizer(pick)) for n in range(4)]
    async with plant.running():
        for network in networks:
            await plant.asked(do="promote", checkpoint=network)
        await plant.until(lambda: camera.attempts == 4 and plant.told("cam")[-1:] == [("started", None)])

    assert plant.told("cam")[-1] == ("ended", "shutdown")
    told = Counter((m.body["action_id"], m.body["phase"]) for m in plant.sink.messages)
    assert set(told.values()) == {1}
    assert {key for key, phase in told if phase == "started"} == {key for key, phase in told if phase == "ended"}


async def test_a_camera_that_is_away_does_not_hold_a_promotion_up(plant: Plant) -> None:
    """Nor does one that shows nothing any more, for long."""
    plant.patience_s = 1.0
    plant.camera("away", [LOST])
    plant.camera("silent", [0.0, 1e6])
    better = plant.checkpoint("better", SayingRecognizer(pick))
    async with plant.running():
        await plant.until(lambda: "silent/status" in plant.sink.states)
        told = await plant.asked(do="promote", checkpoint=better)
    assert (told["result"], told["warm"]) == ("promoted", False)


async def test_a_swap_waits_for_the_batch_that_is_being_answered(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    plant.patience_s = 1.0
    better = plant.checkpoint("better", SayingRecognizer(pick, labels=("idle", "place")))
    async with plant.running():
        await plant.until(lambda: plant.told("cam") == [("started", None)])
        plant.recognizer.gate.clear()
        plant.recognizer.entered.clear()
        await plant.until(plant.recognizer.entered.is_set)
        promoting = asyncio.create_task(plant.asked(do="promote", checkpoint=better))
        await plant.until((plant.folder / "promoted.json").exists)
        assert (await plant.asked(do="report"))["live"]["checkpoint"] == plant.live
        assert plant.told("cam") == [("started", None)]
        plant.recognizer.gate.set()
        assert (await promoting)["result"] == "promoted"
    assert next(reason for phase, reason in plant.told("cam") if phase == "ended") == "model_changed"


async def test_the_choice_is_in_the_data_folder_and_the_configured_checkpoint_beside_it(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    better = plant.checkpoint("better", SayingRecognizer(pick))
    async with plant.running():
        told = await plant.asked(do="promote", checkpoint=better)
    stored = json.loads((plant.folder / "promoted.json").read_text())["counter"]
    assert stored["configured"] == plant.live
    (promoted,) = stored["promoted"]
    assert (promoted["source"], promoted["id"]) == (better, told["model"])
    assert (plant.folder / promoted["checkpoint"]).read_text() == "better"
