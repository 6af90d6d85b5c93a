"""The examples of docs/integrations.md are true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from streamer.settings.sections import Mqtt

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "integrations.md").read_text()
SCHEMAS = [json.loads(path.read_text()) for path in (ROOT / "config" / "schema").glob("*.json")]
BY_ID = {schema["$id"]: schema for schema in SCHEMAS}


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.parametrize("block", blocks("yaml"))
def test_the_sections_that_are_shown_are_valid(block: str) -> None:
    import yaml

    assert Mqtt(**yaml.safe_load(block)["mqtt"]).url == "mqtt://broker:1883"


def test_the_cloudevent_that_is_shown_is_one_of_ours() -> None:
    event: dict[str, Any] = next(shown for shown in map(json.loads, blocks("json")) if "specversion" in shown)
    Draft202012Validator(BY_ID["urn:takt:schema:cloudevent:v1"]).validate(event)
    Draft202012Validator(BY_ID[event["dataschema"]]).validate(event["data"])
    assert event["id"] == event["data"]["event_id"]
    assert event["sequence"] == f"{event['data']['term']:010d}.{event['data']['seq']:012d}"
