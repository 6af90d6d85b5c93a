"""Names of traces and spans, all of them made of the event's id: whoever holds the message knows them. Pure."""

from __future__ import annotations

from hashlib import blake2b
from uuid import UUID

TRACEPARENT, TRACESTATE = "traceparent", "tracestate"
"""What a message's properties call them (W3C Trace Context, level 2; also as MQTT 5 user properties)."""
ROOT = "takt.event"
"""The span that all others of an event lie in."""
_RANDOM_BITS = 56
_SAMPLED = 0x01


def trace_id(event_id: UUID) -> int:
    """128 bits, never 0: the event's own. Consumers that know the one know the other."""
    return event_id.int


def span_id(event_id: UUID, name: str) -> int:
    """64 bits, never 0, and the same wherever it is asked for."""
    return int.from_bytes(blake2b(name.encode(), key=event_id.bytes, digest_size=8).digest()) or 1


def is_sampled(event_id: UUID, share: float) -> bool:
    """Whether an event is of the share (in [0, 1]) that is traced: every process decides alike.

    By the lowest 56 bits, as OpenTelemetry's consistent probability sampling does; of a UUID of version 5 they are
    those of its hash.
    """
    return event_id.int % (1 << _RANDOM_BITS) >= round((1 - share) * (1 << _RANDOM_BITS))


def traceparent(event_id: UUID, sampled: bool) -> str:
    """As the W3C writes it: whoever goes on with the trace is a child of its root. Where it is not sampled, they are
    asked to leave it as well."""
    flags = _SAMPLED if sampled else 0
    return f"00-{trace_id(event_id):032x}-{span_id(event_id, ROOT):016x}-{flags:02x}"


def says_sampled(parent: str) -> bool:
    """Whether a traceparent that `traceparent` wrote belongs to a trace that is kept; False for any other text."""
    version, _, rest = parent.partition("-")
    try:
        return version == "00" and bool(int(rest.rpartition("-")[2], 16) & _SAMPLED)
    except ValueError:
        return False
