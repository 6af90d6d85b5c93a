"""The spans of one event's trace. They lie end to end, and fill the time from glass to event. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from streamer.tracing.ids import ROOT, span_id, trace_id
from streamer.tracing.way import Way
from streamer.wire import Message

Attribute = str | int | float | bool
_ABOUT = ("watch", "epoch", "type", "action", "procedure", "step", "phase", "verdict", "reason", "model", "clock")
"""What of an event's body is said of its trace."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span, as OpenTelemetry knows it."""

    name: str
    trace_id: int
    span_id: int
    parent_id: int | None
    """None: it is the root."""
    start_ns: int
    """Unix nanoseconds."""
    end_ns: int
    attributes: Mapping[str, Attribute]
    sends: bool = False
    """Whether it is of the kind PRODUCER; else INTERNAL."""
    error: str = ""
    """Why it failed; empty: it did not."""
    linked: int | None = None
    """A span of the same trace that this one goes back to."""


@dataclass(frozen=True, slots=True)
class Sending:
    """One time that a sink took or refused a message; Unix seconds."""

    sink: str
    system: str
    """What the sink speaks: mqtt, webhook …"""
    began_at: float
    ended_at: float
    refused: str = ""
    """Why it never will take it; empty: it took it."""


def whole(message: Message, way: Way, durable_at: float | None, sending: Sending) -> list[Span]:
    """The trace of a message that arrived: its root, and what it was made of in order.

    `durable_at`: when it was on disk; None: not known (another process stored it).
    """
    stored_at = durable_at if durable_at is not None else way.handed_at
    stations = (
        ("decode", way.offered_at),
        ("queue", way.began_at),
        ("infer", way.answered_at),
        ("decide", way.emitted_at),
        ("store", stored_at),
        ("wait", sending.began_at),
        ("publish", sending.ended_at),
    )
    parts = list(end_to_end(message.captured_at, [(name, at) for name, at in stations if at is not None]))
    about, where = _about(message), _where(message)
    root = _root(message, parts[0][1], parts[-1][2], about, sending.refused)
    more = {"infer": _inference(about, way)}
    inner = [
        _child(message, name, start_ns, end_ns, {**where, **more.get(name, {})})
        for name, start_ns, end_ns in parts[:-1]
    ]
    return [root, *inner, sent(message, sending, start_ns=parts[-1][1], end_ns=parts[-1][2])]


def sent(message: Message, sending: Sending, start_ns: int | None = None, end_ns: int | None = None) -> Span:
    """That a sink took a message: once more, or one of the sinks besides. Of a replay it is a span of its own, which
    goes back to the first time."""
    replayed = "replayed" in message.properties
    first = f"publish {sending.sink}"
    name = f"{first} {_ns(sending.began_at)}" if replayed else first
    start_ns = _ns(sending.began_at) if start_ns is None else start_ns
    return Span(
        name=f"publish {message.topic}",
        trace_id=trace_id(message.key),
        span_id=span_id(message.key, name),
        parent_id=span_id(message.key, ROOT),
        start_ns=start_ns,
        end_ns=max(start_ns, _ns(sending.ended_at) if end_ns is None else end_ns),
        attributes=_messaging(message, sending, replayed),
        sends=True,
        error=sending.refused,
        linked=span_id(message.key, first) if replayed else None,
    )


def end_to_end(captured_at: float, ends: Sequence[tuple[str, float]]) -> Iterator[tuple[str, int, int]]:
    """Name, start and end in Unix nanoseconds of stations that begin where the one before ended.

    None is shorter than nothing, whatever clocks did meanwhile: a camera's that is ahead counts from this machine's
    first moment, and where this machine's was set back, time stands still until it is made up for.
    """
    start_ns = _ns(min(captured_at, ends[0][1]))
    for name, at in ends:
        end_ns = max(start_ns, _ns(at))
        yield name, start_ns, end_ns
        start_ns = end_ns


def _root(message: Message, start_ns: int, end_ns: int, about: Mapping[str, Attribute], error: str) -> Span:
    id_ = span_id(message.key, ROOT)
    return Span(ROOT, trace_id(message.key), id_, None, start_ns, end_ns, about, error=error)


def _child(message: Message, name: str, start_ns: int, end_ns: int, attributes: Mapping[str, Attribute]) -> Span:
    key = message.key
    return Span(name, trace_id(key), span_id(key, name), span_id(key, ROOT), start_ns, end_ns, attributes)


def _where(message: Message) -> dict[str, Attribute]:
    watch = message.body.get("watch")
    known: dict[str, Attribute] = {"takt.stream": message.stream}
    return known | ({"takt.watch": watch} if isinstance(watch, str) else {})


def _about(message: Message) -> dict[str, Attribute]:
    said = {f"takt.{name}": message.body[name] for name in _ABOUT if name in message.body}
    known: dict[str, Attribute] = {name: value for name, value in said.items() if isinstance(value, str | int)}
    return {"takt.stream": message.stream} | known


def _inference(about: Mapping[str, Attribute], way: Way) -> dict[str, Attribute]:
    known: dict[str, Attribute] = {} if way.batch is None else {"takt.batch_size": way.batch}
    return known | ({"takt.model": about["takt.model"]} if "takt.model" in about else {})


def _messaging(message: Message, sending: Sending, replayed: bool) -> dict[str, Attribute]:
    """Semantic conventions for messaging; the topic stands without the sink's prefix."""
    said: dict[str, Attribute] = {
        "messaging.system": sending.system,
        "messaging.operation.name": "publish",
        "messaging.operation.type": "send",
        "messaging.destination.name": message.topic,
        "messaging.message.id": str(message.key),
        "takt.sink": sending.sink,
    }
    if replayed:
        said["takt.replayed"] = True
    if sending.refused:
        said["error.type"] = sending.refused
    return said


def _ns(at: float) -> int:
    return round(at * 1e9)
