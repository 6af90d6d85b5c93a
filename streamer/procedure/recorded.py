"""Action events recorded as lines of JSON, as `takt replay --json` prints them or a `jsonl` sink keeps them."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from uuid import UUID

from streamer.errors import ConfigError
from streamer.event import ActionEvent, Phase, Reason
from streamer.procedure.learning import Done

_OTHERS = ("step", "cycle", "gap")
_GIVE = "give what `takt replay --json` printed, or a file of a jsonl sink"
_TOLD = 5
"""Lines that are no events of which a mistake tells; a file of something else has thousands."""


def recorded_cycle(file: Path) -> list[Done]:
    """The actions of one cycle that were over, in the order in which they began.

    Raises:
        ConfigError: as `recorded_events`; or no action ended.
    """
    ended = [event for event in recorded_events(file) if event.phase is Phase.ENDED]
    if not ended:
        raise ConfigError([f"{file}: no action ended in it; give a recording of one whole cycle"])
    return sorted((Done(one.action, one.started_at, one.at) for one in ended), key=lambda one: one.start)


def recorded_events(file: Path) -> list[ActionEvent]:
    """The actions of one watch, in the order of the file; what is told of steps, units and gaps is passed over.

    Raises:
        ConfigError: it cannot be read, holds what is no event, nothing, or events of several watches.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise ConfigError([f"{file}: is no text; {_GIVE}"]) from error
    except OSError as error:
        raise ConfigError([f"{file}: cannot be read ({error.strerror}); {_GIVE}"]) from error
    found: list[ActionEvent] = []
    problems = []
    for number, line in enumerate(lines, 1):
        try:
            body = json.loads(line)
            body = body.get("payload", body)
            if body["type"] not in _OTHERS:
                found.append(_event(body))
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"{file}:{number}: is no event; {_GIVE}")
            if len(problems) == _TOLD:
                break
    if not problems and len({(one.stream, one.watch) for one in found}) != 1:
        problems.append(f"{file}: must hold events of exactly one watch")
    if problems:
        raise ConfigError(problems)
    return found


def _event(body: dict[str, str]) -> ActionEvent:
    lasted = body.get("duration_s")
    return ActionEvent(
        action_id=UUID(body["action_id"]),
        stream=body["stream"],
        watch=body["watch"],
        epoch=int(body["epoch"]),
        action=body["action"],
        phase=Phase(body["phase"]),
        at=_moment(body["at"]),
        started_at=_moment(body["started_at"]),
        decided_at=_moment(body["decided_at"]),
        duration_s=None if lasted is None else float(lasted),
        score=float(body["score"]),
        reason=Reason(body["reason"]) if "reason" in body else None,
        revision=int(body["revision"]),
    )


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
