"""Which unit is worked on, as a scanner or a MES says it over the broker. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

LONGEST = 128
"""Characters of a name."""


@dataclass(frozen=True, slots=True)
class UnitTopic:
    """Where a watch hears of it."""

    topic: str
    """A topic filter, as it stands."""
    field: str | None = None
    """Of a JSON object: the key that holds the unit's name, with dots into objects; None: the payload is the name."""
    work_order: str | None = None
    """Likewise, of what it is made for."""
    grace_s: float = 10.0
    """A name that comes so long after a unit's work began is still its own; later, it is the next one's."""


@dataclass(frozen=True, slots=True)
class Named:
    """What was said of a unit."""

    unit_id: str
    work_order: str | None = None


def named(payload: bytes, how: UnitTopic) -> Named:
    """What a payload says.

    Raises:
        ValueError: it says nothing that could be a name; the text quotes nothing of it.
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        raise ValueError("is not text in UTF-8") from None
    if how.field is None and how.work_order is None:
        return Named(_name(text, "the payload"))
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is no JSON") from None
    unit_id = _name(body if how.field is None else _found(body, how.field), how.field or "the payload")
    order = None if how.work_order is None else _found(body, how.work_order)
    return Named(unit_id, None if order is None else _name(order, how.work_order or ""))


def _found(body: Any, path: str) -> Any:
    """None where it is not there."""
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body


def _name(value: Any, where: str) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if value.bit_length() < 400 else ""
    name = value.strip() if isinstance(value, str) else ""
    if not 0 < len(name) <= LONGEST or not name.isprintable():
        raise ValueError(f"has no name in {where}: 1 to {LONGEST} characters that can be shown, or a whole number")
    return name
