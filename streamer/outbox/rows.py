"""Messages and open actions as rows of the outbox, and back."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from streamer.event import Actor, OpenAction, OpenCycle
from streamer.wire import Message

MAIN = "main"
"""The recipient that there always is: the broker, or standard output where none is configured."""
LEVELS = {"telemetry": 0, "zone": 1, "action": 2, "safety": 3, "gap": 4}
"""Under a full budget the lowest class goes first; a class not named here counts as `action`."""
COLUMNS = (
    "id", "key", "stream", "cls", "topic", "body", "captured_at", "expires_s", "properties", "seq", "term",
    "accepted_at", "replayed", "checksum",
)  # fmt: skip
"""What `queued` takes."""


def everything(_: Message) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets messages, and of which every message is remembered whether it has."""

    name: str
    """The same over restarts."""
    wants: Callable[[Message], bool] = everything


@dataclass(frozen=True, slots=True)
class Queued:
    """A message that waits for delivery."""

    id: int
    """Grows with acceptance."""
    message: Message
    accepted_at: float
    """Unix seconds."""
    replayed: bool = False
    """It was delivered before, and is sent again in case it was lost behind the recipient."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a recipient refused for good."""

    id: int
    recipient: str
    key: UUID
    stream: str
    topic: str
    body: str
    """JSON, as far as it can be read."""
    seq: int
    term: int
    reason: str
    refused_at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages of one stream, term and class that were given up before everybody had them."""

    id: int
    stream: str
    cls: str
    term: int
    first: int
    """Lowest `seq` that is missing."""
    last: int
    """Highest; what lies between is not missing as a whole where `count` is smaller."""
    count: int
    reason: str
    """budget (no room), age (older than is kept) or damaged (the row could not be read)."""
    recipients: tuple[str, ...]
    """Who does not get them."""
    at: float
    """Unix seconds of the newest loss."""


def message_row(id_: int, message: Message, at: float, wanted: int) -> tuple[Any, ...]:
    """In the order of `INSERT`, for a message that has its `seq` and `term`."""
    body, properties = json.dumps(message.body, separators=(",", ":")), json.dumps(message.properties)
    key, subject = message.key.bytes, message.body.get("action_id", message.body.get("cycle_id"))
    phase = message.body.get("phase")
    expires_s = None if message.expires_s is None else float(message.expires_s)
    said = (
        id_, key, message.stream, message.cls, message.topic, body, float(message.captured_at), expires_s, properties,
        message.seq, message.term, float(at),
    )  # fmt: skip
    return (
        *said, LEVELS.get(message.cls, LEVELS["action"]), wanted, wanted, _checksum(said),
        None if subject is None else str(subject).replace("-", ""), None if phase is None else str(phase),
    )  # fmt: skip


INSERT = (
    "INSERT INTO message(id, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, accepted_at,"
    " level, wanted, waiting, checksum, subject, phase)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(key) DO NOTHING"
)


def _checksum(said: Sequence[object]) -> int:
    """SQLite has none: a flipped bit would be sent as if it were true, or at another's turn."""
    return zlib.crc32(repr(tuple(said)).encode())


def queued(row: Sequence[Any], bit: int) -> Queued:
    """A row of COLUMNS, for the recipient with a bit. Raises ValueError or TypeError: it is not what was stored."""
    *said, replayed, checksum = row
    if checksum is not None and checksum != _checksum(said):
        raise ValueError("the row is not what was stored")
    id_, key, stream, cls, topic, body, captured_at, expires_s, properties, seq, term, accepted_at = said
    if not (isinstance(captured_at, float) and isinstance(accepted_at, float)):
        raise ValueError("a time of the row is none")  # of an older version, which had no checksum of it
    message = Message(
        stream=stream,
        cls=cls,
        key=UUID(bytes=key),
        topic=topic,
        body=json.loads(body),
        captured_at=captured_at,
        expires_s=expires_s,
        properties=json.loads(properties),
        seq=seq,
        term=term,
    )
    return Queued(id_, message, accepted_at, bool(replayed & bit))


def open_row(one: OpenAction | OpenCycle) -> tuple[str, tuple[Any, ...]]:
    """Table and values."""
    if isinstance(one, OpenAction):
        actor = None if one.actor is None else json.dumps([one.actor.id, *one.actor.box])
        action = (one.epoch, one.action, one.started_at, one.score, actor)
        return "open_action", (one.action_id.bytes, one.stream, one.watch, *action)
    cycle = (one.procedure, one.started_at, one.takt_s, one.unit_id, one.work_order)
    return "open_cycle", (one.cycle_id.bytes, one.stream, one.watch, *cycle)


def open_action(row: tuple[Any, ...]) -> OpenAction:
    id_, stream, watch, epoch, action, started_at, score, actor = row
    return OpenAction(UUID(bytes=id_), stream, watch, epoch, action, started_at, score, _actor(actor))


def open_cycle(row: tuple[Any, ...]) -> OpenCycle:
    id_, *rest = row
    return OpenCycle(UUID(bytes=id_), *rest)


def _actor(text: str | None) -> Actor | None:
    if text is None:
        return None
    one, left, top, right, bottom = json.loads(text)
    return Actor(one, (left, top, right, bottom))
