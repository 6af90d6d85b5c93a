"""Cycles that were recorded as lines of JSON, as `takt replay --json` prints them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

from streamer.errors import ConfigError
from streamer.procedure.learning import Done


def recorded_cycle(file: Path) -> list[Done]:
    """The actions of one cycle that were over, in the order in which they began.

    Raises:
        ConfigError: it cannot be read, holds what is no event, or no action that ended.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{file}: cannot be read ({error}); give what takt replay --json printed"]) from error
    found: list[Done] = []
    problems = []
    for number, line in enumerate(lines, 1):
        try:
            event = json.loads(line)
            if event["phase"] == "ended":
                found.append(Done(str(event["action"]), _moment(event["started_at"]), _moment(event["at"])))
        except (ValueError, KeyError, TypeError):
            problems.append(f"{file}:{number}: is no event; give what takt replay --json printed")
    if not (found or problems):
        problems = [f"{file}: no action ended in it; give a recording of one whole cycle"]
    if problems:
        raise ConfigError(problems)
    return sorted(found, key=lambda one: one.start)


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
