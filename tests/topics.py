"""The table of docs/mqtt.md, as tests hold messages to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.schemas import validate

PAGE = Path(__file__).parents[1] / "docs/mqtt.md"


@dataclass(frozen=True)
class Row:
    """One topic that is published."""

    topic: re.Pattern[str]
    retained: bool
    schema: str


def rows() -> list[Row]:
    """What the page says is published."""
    table = PAGE.read_text().split("## What is published", 1)[1].split("## What is listened to", 1)[0]
    found = re.findall(r"^\| `([^`]+)` \| (yes|no) \| ([^|]+) \|", table, re.MULTILINE)
    return [Row(re.compile(_pattern(topic)), retained == "yes", schema.strip()) for topic, retained, schema in found]


def _pattern(topic: str) -> str:
    return re.sub(r"<[^>]+>", "[^/]+", topic.replace("<client id>", "<client>"))


ROWS = rows()


def checked(topic: str, payload: str, retained: bool, prefix: str = "takt") -> Row:
    """The one row that a message is of; its body is valid."""
    assert topic.startswith(f"{prefix}/"), topic
    (row,) = (one for one in ROWS if one.topic.fullmatch(topic.removeprefix(f"{prefix}/")))
    assert row.retained == retained, topic
    if row.schema == "text":
        assert payload in ("online", "offline")
    elif row.schema == "a number":
        assert json.loads(payload) > 0
    else:
        assert validate(json.loads(payload))["schema"] == row.schema
    return row


def examples() -> list[tuple[str, Any]]:
    """(schema, body) of each example on the page."""
    found = re.findall(r"<!-- (takt\.\w+\.v1) -->\n```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return [(schema, json.loads(body)) for schema, body in found]
