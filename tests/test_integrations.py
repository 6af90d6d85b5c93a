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
from streamer.sinks.station import Station

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
    payload = device(station, Topics("takt", "takt/service/x/status"), "1").payload
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
