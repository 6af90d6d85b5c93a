"""The examples of docs/integrations.md are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streamer.event import Verdict
from streamer.home_assistant.components import Topics
from streamer.home_assistant.device import device
from streamer.settings.sections import Mqtt
from streamer.sinks.sparkplug.metrics import definitions
from streamer.sinks.station import Station
from streamer.testing.messages import step_event
from streamer.wire import step_message

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "integrations.md").read_text()
SCHEMAS = [json.loads(path.read_text()) for path in (ROOT / "config" / "schema").glob("*.json")]
BY_ID = {schema["$id"]: schema for schema in SCHEMAS}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", [block for block in blocks("yaml") if block.startswith("mqtt:")])
def test_the_sections_that_are_shown_are_valid(block: str) -> None:
    import yaml

    assert Mqtt(**yaml.safe_load(block)["mqtt"]).url == "mqtt://broker:1883"


def test_the_cloudevent_that_is_shown_is_one_of_ours() -> None:
    event: dict[str, Any] = next(shown for shown in map(json.loads, blocks("json")) if "specversion" in shown)
    Draft202012Validator(BY_ID["urn:takt:schema:cloudevent:v1"]).validate(event)
    Draft202012Validator(BY_ID[event["dataschema"]]).validate(event["data"])
    assert event["id"] == event["data"]["event_id"]
    assert event["sequence"] == f"{event['data']['term']:010d}.{event['data']['seq']:012d}"


def test_the_entities_that_are_shown_are_those_of_a_device() -> None:
    station = Station("cell-4", "bench", ("tighten",), follows=True)
    payload = device(station, Topics("takt", "takt/service/x/status", acknowledge=True), "1").payload
    names = {str(one["name"]).replace("tighten", "*action*") for one in payload["cmps"].values()}  # type: ignore[attr-defined]
    table = TEXT[TEXT.index("| entity |") :].split("\n\n")[0]
    told = {name.strip() for line in table.splitlines()[2:] for name in line.split("|")[1].split(",")}

    assert told == names


def test_the_automation_that_is_shown_asks_for_a_type_and_attributes_that_there_are() -> None:
    block = next(block for block in blocks("yaml") if block.startswith("triggers:"))
    (asked,) = re.findall(r"event_type == '(\w+)'", block)
    attributes = set(re.findall(r"attributes\.(\w+)", block)) - {"event_type"}

    assert asked in set(Verdict)
    assert attributes <= set(BY_ID["urn:takt:schema:step:v1"]["properties"])


def test_the_metrics_that_are_shown_are_those_of_a_device_with_their_types() -> None:
    table = TEXT[TEXT.index("| metric of a device |") :].split("\n\n")[0]
    cells = [line.split("|") for line in table.splitlines()[2:]]
    told = {name: row[2].strip() for row in cells for name in re.findall(r"`([^`]+)`", row[1])}
    station = Station("cell-4", "bench", ("tighten",), follows=True)
    names = {one.name: one.type.name.capitalize() for one in definitions("cell-4", [station])}

    assert {name: kind for name, kind in names.items() if not name.startswith("bench/Steps/")} | {
        "bench/Steps/missed": "Int64"
    } == told


def test_the_flow_that_is_shown_is_wired_and_asks_for_a_verdict_that_there_is() -> None:
    flow = next(shown for shown in map(json.loads, blocks("json")) if isinstance(shown, list))
    ids = {node["id"] for node in flow}
    assert {to for node in flow for wires in node.get("wires", []) for to in wires} <= ids
    (rule,) = next(node for node in flow if node["type"] == "switch")["rules"]
    assert rule["v"] in set(Verdict)
    assert step_message(step_event("cell-4"), "rtcp").topic == "cell-4/steps"
