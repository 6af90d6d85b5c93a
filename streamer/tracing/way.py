"""How far an event had come, and when: what a stored message remembers for its trace. Pure.

It is W3C's `tracestate`, which holds what a system says to itself and others pass on unread:
`takt=offered:41200;began:42010;answered:98333;emitted:99012;handed:99480;batch:4`. Moments are microseconds since the
newest picture was captured; they may be negative, where a camera's clock is ahead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MEMBER = "takt="
_MOST = 512
"""Characters that a tracestate may have to be read; ours have fewer than 128."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a clip got its answer: Unix seconds, all on this machine's clock save the first."""

    captured_at: float
    offered_at: float
    """When the clip was cut and could be looked at."""
    began_at: float
    answered_at: float
    batch: int
    """Clips that were looked at together."""


@dataclass(frozen=True, slots=True)
class Way:
    """What is known of an event's way up to the disk; None: it had no such station, or nobody knows."""

    offered_at: float | None = None
    began_at: float | None = None
    answered_at: float | None = None
    emitted_at: float | None = None
    handed_at: float | None = None
    """When the disk was asked to take it."""
    batch: int | None = None


_MOMENTS = ("offered", "began", "answered", "emitted", "handed")


def written(look: Look | None, captured_at: float, emitted_at: float, handed_at: float) -> str:
    """The tracestate of an event whose newest picture was captured at that time."""
    stations = (
        {} if look is None else {"offered": look.offered_at, "began": look.began_at, "answered": look.answered_at}
    )
    stations |= {"emitted": emitted_at, "handed": handed_at}
    parts = [f"{name}:{round((at - captured_at) * 1e6)}" for name, at in stations.items()]
    parts += [] if look is None else [f"batch:{look.batch}"]
    return _MEMBER + ";".join(parts)


def read(tracestate: str, captured_at: float) -> Way:
    """What `written` wrote; of any other text as much as can be understood."""
    text = tracestate if len(tracestate) <= _MOST else ""
    member = next((one for one in text.split(",") if one.startswith(_MEMBER)), _MEMBER)
    known: dict[str, int] = {}
    for part in member.removeprefix(_MEMBER).split(";"):
        name, _, value = part.partition(":")
        if value.removeprefix("-").isdecimal() and len(value) < 18:
            known[name] = int(value)
    return _way(known, captured_at)


def _way(known: Mapping[str, int], captured_at: float) -> Way:
    moments = {f"{name}_at": captured_at + known[name] / 1e6 for name in _MOMENTS if name in known}
    return Way(**moments, batch=known.get("batch"))
