"""A worker whose watches follow procedures: verdicts reach the broker, and every unit that begins ends once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamer.frame import Blind
from streamer.procedure.graph import Procedure, Step
from streamer.sinks.base import Inbound
from streamer.testing.recognizers import SayingRecognizer
from streamer.units import UnitTopic
from tests.streamer.one_worker import FOR_EVER, LOST, Plant

WORK = Procedure("box", (Step("take", "pick"), Step("shut", "shut", (frozenset({"take"}),))), takt_s=5)


def pick(_: float) -> tuple[float, float]:
    return 0.1, 0.9


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    plant = Plant(tmp_path)
    plant.recognizer = SayingRecognizer(pick)
    plant.procedure = WORK
    return plant


def told(plant: Plant, *kinds: str) -> list[tuple[object, ...]]:
    bodies = [message.body for message in plant.sink.messages if message.stream == "cam"]
    return [
        (body["type"], body.get("verdict") or body["phase"], body.get("reason"))
        for body in bodies
        if body["type"] in kinds
    ]


async def test_units_and_verdicts_reach_the_broker_on_topics_of_their_own(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running():
        await plant.until(lambda: len(told(plant, "cycle")) == 1)

    assert {(message.topic, message.body["type"]) for message in plant.sink.messages} == {
        ("cam/events", "action"), ("cam/steps", "step"), ("cam/cycles", "cycle"),
    }  # fmt: skip
    assert told(plant, "cycle", "step") == [
        ("cycle", "started", None), ("step", "inconclusive", None), ("cycle", "abandoned", "shutdown"),
    ]  # fmt: skip
    assert [message.seq for message in plant.sink.messages] == [1, 2, 3, 4, 5]
    assert plant.counted('takt_cycles_total{phase="abandoned",stream="cam",watch="bench"}') == 1
    assert plant.counted('takt_steps_total{stream="cam",verdict="inconclusive",watch="bench"}') == 1
    assert plant.counted('takt_steps_total{stream="cam",verdict="missed",watch="bench"}') == 0


async def test_a_unit_outlives_a_lost_camera(plant: Plant) -> None:
    plant.camera("cam", [*FOR_EVER[:9], LOST], FOR_EVER)
    async with plant.running():
        await plant.until(lambda: len(told(plant, "action")) == 3)

    assert told(plant, "cycle") == [("cycle", "started", None), ("cycle", "abandoned", "shutdown")]


async def test_a_recording_that_ends_ends_its_unit(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER[:20])
    async with plant.running() as worker:
        await plant.until(worker.done)
    assert told(plant, "cycle")[-1] == ("cycle", "abandoned", "source_ended")


async def test_a_camera_that_stays_away_gives_its_unit_up_while_it_is_away(plant: Plant) -> None:
    plant.camera("cam", [*FOR_EVER[:9], LOST], [LOST])
    async with plant.running():
        await plant.until(lambda: told(plant, "step") != [])
        assert told(plant, "cycle") == [("cycle", "started", None)]
        await plant.clock.advance(4000)
        assert told(plant, "cycle")[1:] == [("cycle", "abandoned", "idle")]
    assert len(told(plant, "cycle")) == 2


async def test_a_unit_that_was_open_in_a_crash_is_ended_at_the_next_start_exactly_once(plant: Plant) -> None:
    plant.camera("cam", FOR_EVER)
    async with plant.running() as worker:
        await plant.until(lambda: told(plant, "cycle") != [])
        worker.cancel()
    plant.sources.clear()
    plant.camera("other", FOR_EVER[:3])
    for _ in range(2):
        plant.stop = asyncio.Event()
        async with plant.running() as worker:
            await plant.until(worker.done)

    assert told(plant, "cycle") == [("cycle", "started", None), ("cycle", "abandoned", "interrupted")]
    started, ended = (message.body for message in plant.sink.messages if message.topic == "cam/cycles")
    assert (started["cycle_id"], started["takt_s"]) == (ended["cycle_id"], ended["takt_s"])
    assert "left" not in ended


async def test_a_network_that_does_not_know_the_steps_is_not_promoted(plant: Plant) -> None:
    plant.recognizer = SayingRecognizer(lambda _: (0.1, 0.9, 0.0), labels=("idle", "pick", "shut"))
    plant.camera("cam", FOR_EVER)
    other = plant.checkpoint("other", SayingRecognizer(pick, labels=("idle", "shut")))
    async with plant.running():
        await plant.until(lambda: told(plant, "action") != [])
        answer = await plant.asked(do="promote", checkpoint=other)
    assert "does not know pick, which the procedure of stream cam, watch bench needs" in str(answer)
    assert plant.counted('takt_promotions_total{recognizer="counter",result="failed"}') == 1


async def test_pictures_that_show_nothing_are_told_in_the_status_and_the_metrics(plant: Plant) -> None:
    camera = plant.camera("cam", FOR_EVER)
    camera.blind = lambda media_s: Blind("dark", 2.0) if 4 <= media_s < 8 else None
    dark = 'takt_stream_blind{reason="dark",stream="cam"}'
    async with plant.running():
        await plant.until(lambda: plant.sink.states.get("cam/status", {}).get("sight") == "dark")
        assert plant.status("cam") == ("online", "live")
        assert plant.counted(dark) == 1
        await plant.until(lambda: plant.sink.states["cam/status"]["sight"] == "clear")
        assert plant.counted(dark) == 0


def said(payload: str, retained: bool = False) -> Inbound:
    return Inbound("line-3/scan", payload.encode(), retained)


async def test_the_name_of_a_unit_comes_over_the_broker(plant: Plant, caplog: pytest.LogCaptureFixture) -> None:
    plant.unit = UnitTopic("line-3/+", field="sn", work_order="order")
    plant.camera("cam", [at + 5 for at in FOR_EVER])
    async with plant.running():
        await plant.until(lambda: "line-3/+" in plant.sink.listeners)
        plant.sink.hear(said('{"sn": "SN-1", "order": "A-9"}'))
        await plant.until(lambda: told(plant, "cycle") != [])
        for _ in range(3):
            plant.sink.hear(said("not even JSON"))
        await plant.clock.advance(61)
        plant.sink.hear(said("not even JSON"))

    cycles = [message.body for message in plant.sink.messages if message.topic == "cam/cycles"]
    assert [(one["unit_id"], one["work_order"]) for one in cycles] == [("SN-1", "A-9")] * 2
    assert plant.counted('takt_unit_names_total{result="taken",stream="cam",watch="bench"}') == 1
    assert plant.counted('takt_unit_names_total{result="bad",stream="cam",watch="bench"}') == 4
    assert caplog.text.count("a message on line-3/scan is no JSON") == 2


async def test_a_name_that_a_broker_retains_is_heard_once_however_often_it_is_connected(plant: Plant) -> None:
    plant.unit = UnitTopic("line-3/scan")
    plant.camera("cam", FOR_EVER[:20])
    async with plant.running():
        await plant.until(lambda: "line-3/scan" in plant.sink.listeners)
        for _ in range(3):
            plant.sink.hear(said("SN-1", retained=True))
    assert plant.counted('takt_unit_names_total{result="taken",stream="cam",watch="bench"}') == 1


async def test_names_of_several_topics_are_each_heard_once_also_where_an_acknowledgement_was_lost(plant: Plant) -> None:
    plant.unit = UnitTopic("line-3/+")
    plant.camera("cam", FOR_EVER[:20])
    scans = [Inbound("line-3/a", b"SN-1", True), Inbound("line-3/b", b"SN-2", True), Inbound("line-3/c", b"SN-3")]
    async with plant.running():
        await plant.until(lambda: "line-3/+" in plant.sink.listeners)
        for scan in scans:
            plant.sink.hear(scan)
        for scan in scans[:2]:
            plant.sink.hear(scan)
        plant.sink.hear(Inbound("line-3/c", b"SN-3", again=True))
    assert plant.counted('takt_unit_names_total{result="taken",stream="cam",watch="bench"}') == 3


@pytest.mark.parametrize("retained", [False, True])
async def test_a_name_that_waited_longer_than_the_grace_names_no_unit(plant: Plant, retained: bool) -> None:
    plant.unit = UnitTopic("line-3/scan", grace_s=10)
    plant.camera("cam", [at + 5 for at in FOR_EVER])
    async with plant.running():
        await plant.until(lambda: "line-3/scan" in plant.sink.listeners)
        plant.sink.hear(Inbound("line-3/scan", b"SN-1", retained, late_s=9.0))
        plant.sink.hear(Inbound("line-3/scan", b"SN-2", retained, late_s=11.0))
        plant.sink.hear(Inbound("line-3/scan", b"SN-2", retained, late_s=0.0, again=True))
        await plant.until(lambda: told(plant, "cycle") != [])

    cycles = [message.body for message in plant.sink.messages if message.topic == "cam/cycles"]
    assert {one["unit_id"] for one in cycles} == {"SN-1"}
    assert plant.counted('takt_unit_names_total{result="late",stream="cam",watch="bench"}') == 1
