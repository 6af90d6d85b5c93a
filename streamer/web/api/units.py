"""Work on units, made of events. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from streamer.history import Entry

_KNOWN = ("procedure", "unit_id", "work_order", "reason", "took_s", "takt_s", "deviation_s")


def cycles_of(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Each unit's work with its steps, the one that was spoken of last first. `entries`: cycles and steps, in order."""
    units: dict[str, dict[str, Any]] = {}
    steps: dict[str, dict[str, dict[str, Any]]] = {}
    for entry in entries:
        body = json.loads(entry.body)
        unit = units.pop(entry.cycle, None) or _unknown(entry)
        units[entry.cycle] = unit
        unit.update({name: body[name] for name in ("procedure", "unit_id", "work_order") if name in body})
        if entry.type == "step":
            steps.setdefault(entry.cycle, {})[body["step_id"]] = _step(body)
            continue
        unit.update({name: body[name] for name in (*_KNOWN, "left") if name in body})
        unit["phase"] = body["phase"]
        unit["started_at" if body["phase"] == "started" else "ended_at"] = _at(body)
    for cycle, unit in units.items():
        unit["steps"] = sorted(steps.get(cycle, {}).values(), key=lambda step: step["at"])
    return [*reversed(units.values())]


def _unknown(entry: Entry) -> dict[str, Any]:
    named = {"cycle_id": entry.cycle, "stream": entry.stream, "watch": entry.watch, "phase": "started"}
    return {**named, **dict.fromkeys((*_KNOWN, "started_at", "ended_at")), "left": [], "steps": []}


def _step(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "step": body["step"],
        "verdict": body["verdict"],
        "at": _at(body),
        "took_s": body.get("took_s"),
        "evidence": {key: value for key, value in body.get("evidence", {}).items()} or None,
    }


def _at(body: dict[str, Any]) -> float:
    return datetime.fromisoformat(body["at"]).timestamp()
