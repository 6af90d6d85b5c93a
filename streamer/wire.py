"""Events as messages: versioned JSON, pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from streamer.event import ActionEvent

SCHEMA = "takt.event.v1"


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


def action_message(event: ActionEvent, clock: str) -> Message:
    """The message of an action event. `clock` tells where wall time came from: `rtcp`, `arrival` or `replay`."""
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
    return Message(event.stream, "action", event.event_id, f"{event.stream}/events", body, event.decided_at)


def envelope(message: Message) -> bytes:
    """The payload as it is published: the body with `seq` and `term`."""
    return json.dumps({**message.body, "seq": message.seq, "term": message.term}, separators=(",", ":")).encode()
