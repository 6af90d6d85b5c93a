"""Events as messages: versioned JSON, pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from streamer.event import ActionEvent, CycleEvent, Ending, Event, Evidence, GapEvent, StepEvent

SCHEMA = "takt.event.v1"
STEP_SCHEMA = "takt.step.v1"
CYCLE_SCHEMA = "takt.cycle.v1"
GAP_SCHEMA = "takt.gap.v1"
ANSWER_SCHEMA = "takt.answer.v1"


@dataclass(frozen=True, slots=True)
class Message:
    """What the outbox keeps and a sink delivers."""

    stream: str
    cls: str
    """Delivery class, e.g. `action`; under a full disk the lowest class goes first."""
    key: UUID
    """Unique per message: the outbox key and the consumer's dedupe key."""
    topic: str
    """Below the sink's prefix, e.g. `cell-4/events`."""
    body: dict[str, object]
    """JSON object without the envelope (`seq`, `term`)."""
    captured_at: float
    """Unix seconds of the newest picture behind the message; glass-to-event is counted from it."""
    expires_s: float | None = None
    properties: dict[str, str] = field(default_factory=dict)
    seq: int = 0
    """Per (stream, term), from 1, assigned by the outbox in the commit; 0 before."""
    term: int = 0
    """Ownership of the stream; assigned with `seq`."""


def timestamp(at: float) -> str:
    """Unix seconds as RFC 3339 UTC with milliseconds."""
    return datetime.fromtimestamp(round(at, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_of(event: Event, clock: str) -> Message:
    """The message of any event. `clock` tells where wall time came from: `rtcp`, `arrival` or `replay`."""
    if isinstance(event, ActionEvent):
        return action_message(event, clock)
    return step_message(event, clock) if isinstance(event, StepEvent) else cycle_message(event, clock)


def headline(event: Event) -> str:
    """A line for people."""
    if isinstance(event, ActionEvent):
        return f"{event.phase:8} {event.action}  {event.score:.2f}"
    if isinstance(event, StepEvent):
        what, why = f"{event.step}: {event.verdict}", {"missing": event.missing, "overtaken by": event.overtaken_by}
    else:
        reason = () if event.reason is None else (str(event.reason),)
        what, why = f"unit {event.phase}", {"reason": reason, "left": event.left}
    words = [f"{name} {', '.join(some)}" for name, some in why.items() if some]
    words += [] if event.took_s is None else [f"took {event.took_s:.1f} s"]
    return f"{what}{'; ' if words else ''}{'; '.join(words)}"


def action_message(event: ActionEvent, clock: str) -> Message:
    """The message of an action event; `clock` as of any."""
    body: dict[str, object] = {
        "schema": SCHEMA,
        "event_id": str(event.event_id),
        "action_id": str(event.action_id),
        "stream": event.stream,
        "watch": event.watch,
        "epoch": event.epoch,
        "type": "action",
        "action": event.action,
        "phase": str(event.phase),
        "revision": event.revision,
        "at": timestamp(event.at),
        "started_at": timestamp(event.started_at),
        "decided_at": timestamp(event.decided_at),
        "clock": clock,
        "score": round(event.score, 4),
    }
    if event.duration_s is not None:
        body["duration_s"] = round(event.duration_s, 3)
    if event.reason is not None:
        body["reason"] = str(event.reason)
    if event.model:
        body["model"] = event.model
    if event.actor is not None:
        body["actor"] = {"id": event.actor.id, "box": list(event.actor.box)}
    if event.evidence is not None:
        body["evidence"] = _addresses(event.evidence)
    return Message(event.stream, "action", event.event_id, f"{event.stream}/events", body, event.decided_at)


def step_message(event: StepEvent, clock: str) -> Message:
    """The message of a verdict on a step; `clock` as of an action event."""
    body: dict[str, object] = {
        "schema": STEP_SCHEMA,
        "event_id": str(event.event_id),
        "step_id": str(event.step_id),
        "cycle_id": str(event.cycle_id),
        "stream": event.stream,
        "watch": event.watch,
        "type": "step",
        "procedure": event.procedure,
        "step": event.step,
        "verdict": str(event.verdict),
        "revision": event.revision,
        "at": timestamp(event.at),
        "decided_at": timestamp(event.decided_at),
        "clock": clock,
        "probability": round(event.probability, 4),
    }
    if event.took_s is not None:
        body["took_s"] = round(event.took_s, 3)
    if event.missing:
        body["missing"] = list(event.missing)
    if event.overtaken_by:
        body["overtaken_by"] = list(event.overtaken_by)
    body |= _unit(event)
    if event.evidence is not None:
        body["evidence"] = _addresses(event.evidence)
    return Message(event.stream, "step", event.event_id, f"{event.stream}/steps", body, event.decided_at)


def cycle_message(event: CycleEvent, clock: str) -> Message:
    """The message of the start or the end of a unit's work."""
    body: dict[str, object] = {
        "schema": CYCLE_SCHEMA,
        "event_id": str(event.event_id),
        "cycle_id": str(event.cycle_id),
        "stream": event.stream,
        "watch": event.watch,
        "type": "cycle",
        "procedure": event.procedure,
        "phase": str(event.phase),
        "at": timestamp(event.at),
        "decided_at": timestamp(event.decided_at),
        "clock": clock,
    }
    if event.reason is not None:
        body["reason"] = str(event.reason)
    if event.reason not in (None, Ending.INTERRUPTED):  # of which nothing is known
        body["left"] = list(event.left)
        body["steps"] = [{"step": step, "took_s": round(took_s, 3)} for step, took_s in event.steps]
    for name, value in (("took_s", event.took_s), ("takt_s", event.takt_s), ("deviation_s", event.deviation_s)):
        if value is not None:
            body[name] = round(value, 3)
    body |= _unit(event)
    return Message(event.stream, "step", event.event_id, f"{event.stream}/cycles", body, event.decided_at)


def gap_message(event: GapEvent) -> Message:
    """The message of what was lost."""
    body: dict[str, object] = {
        "schema": GAP_SCHEMA,
        "event_id": str(event.event_id),
        "stream": event.stream,
        "type": "gap",
        "class": event.cls,
        "count": event.count,
        "reason": event.reason,
        "at": timestamp(event.at),
    }
    for name, value in (("from_seq", event.first), ("to_seq", event.last), ("lost_term", event.term)):
        if value is not None:
            body[name] = value
    if event.sinks:
        body["sinks"] = list(event.sinks)
    return Message(event.stream, "gap", event.event_id, f"{event.stream}/gaps", body, event.at)


def _unit(event: StepEvent | CycleEvent) -> dict[str, object]:
    """What it is known by elsewhere."""
    known = {"unit_id": event.unit_id, "work_order": event.work_order}
    return {name: value for name, value in known.items() if value is not None}


def _addresses(evidence: Evidence) -> dict[str, str]:
    named = {"clip": evidence.clip, "snapshot": evidence.snapshot, "ready_at": timestamp(evidence.ready_at)}
    return {name: value for name, value in named.items() if value is not None}


def answer(command: str, about: str, refused: str | None = None) -> dict[str, object]:
    """The body of an answer to a command about a stream, or `service`; `refused` says why it was not taken."""
    told: dict[str, object] = {"schema": ANSWER_SCHEMA, "command": command, "about": about, "taken": refused is None}
    return told if refused is None else {**told, "refused": refused}


def envelope(message: Message) -> bytes:
    """The payload as it is published: the body with `seq` and `term`."""
    return json.dumps({**message.body, "seq": message.seq, "term": message.term}, separators=(",", ":")).encode()
