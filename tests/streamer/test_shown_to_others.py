"""What the board really shows is what Home Assistant's templates and Sparkplug's metrics read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from jinja2.sandbox import ImmutableSandboxedEnvironment

from streamer.board.andon import DEFAULT
from streamer.board.doing import Work
from streamer.board.watch import WatchBoard
from streamer.event import CyclePhase, Phase, Verdict
from streamer.home_assistant.components import Topics, components
from streamer.sinks.sparkplug.metrics import definitions
from streamer.sinks.station import Station
from streamer.testing.messages import action_event, cycle_event, step_event

NOW = 1_700_000_100.0
ONLINE = {"status": "online"}
STATION = Station("cam", "bench", ("pick", "tighten"), follows=True)


def documents(*, busy: bool) -> dict[str, Mapping[str, Any]]:
    """By topic below the prefix."""
    board = WatchBoard("cam", "bench", Work(), DEFAULT, NOW)
    if busy:
        for event in (
            action_event(phase=Phase.STARTED),
            cycle_event(phase=CyclePhase.STARTED),
            step_event(verdict=Verdict.MISSED),
            cycle_event(phase=CyclePhase.COMPLETED),
            cycle_event(phase=CyclePhase.STARTED),
        ):
            board.tell(event, 0.0)
    shown = {
        "cam/bench/state": board.state(NOW),
        "cam/bench/andon": board.lamp(NOW),
        "cam/status": {"status": "online"},
    }
    return {topic: json.loads(json.dumps(document)) for topic, document in shown.items()}


def entities(shown: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """What Home Assistant makes of it, by component, of those that read retained documents."""
    rendered = {}
    for key, one in components(STATION, Topics("takt", "takt/service/x/status")):
        document = shown.get(str(one.get("stat_t")).removeprefix("takt/"))
        if document is not None:
            template = ImmutableSandboxedEnvironment().from_string(str(one["val_tpl"]))
            rendered[key] = template.render(value_json=document).strip()
    return rendered


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        (
            True,
            {
                "action": "tighten", "andon": "red", "camera": "ON", "doing_pick": "OFF", "count_pick": "0",
                "doing_tighten": "ON", "count_tighten": "1", "unit": "SN-0042", "cycle_time": "60.0",
                "takt_deviation": "5.0", "units_completed": "1", "steps_missed": "1",
            },
        ),
        (
            False,
            {
                "action": "nothing", "andon": "green", "camera": "ON", "doing_pick": "OFF", "count_pick": "0",
                "doing_tighten": "OFF", "count_tighten": "0", "unit": "None", "cycle_time": "None",
                "takt_deviation": "None", "units_completed": "0", "steps_missed": "0",
            },
        ),
    ],
    ids=["busy", "quiet"],
)  # fmt: skip
def test_entities_of_home_assistant(busy: bool, expected: dict[str, str]) -> None:
    assert entities(documents(busy=busy)) == expected


@pytest.mark.parametrize(
    ("busy", "expected"),
    [
        (
            True,
            {
                "Action": "tighten", "Open": 1, "Count/pick": 0, "Count/tighten": 1, "Andon/Colour": "red",
                "Andon/Reason": "missed", "Andon/Acknowledged": False, "Cycle/Unit": "SN-0042",
                "Last cycle/Took s": 60.0, "Last cycle/Takt s": 55.0, "Last cycle/Deviation s": 5.0,
                "Cycles/completed": 1, "Cycles/abandoned": 0, "Steps/missed": 1, "Steps/done": 0,
            },
        ),
        (
            False,
            {
                "Action": "", "Open": 0, "Count/tighten": 0, "Andon/Colour": "green", "Andon/Reason": None,
                "Cycle/Unit": None, "Last cycle/Took s": None, "Cycles/completed": 0, "Steps/missed": 0,
            },
        ),
    ],
    ids=["busy", "quiet"],
)  # fmt: skip
def test_metrics_of_sparkplug(busy: bool, expected: dict[str, object]) -> None:
    shown = documents(busy=busy)
    values = {one.name: one.value(shown[one.topic]) for one in definitions("cam", [STATION])}

    assert values["Status"] == "online"
    assert {f"bench/{name}": value for name, value in expected.items()}.items() <= values.items()
