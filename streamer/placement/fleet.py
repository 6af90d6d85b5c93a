"""The words of placement: where workers can be, what is wanted of them, what it costs, what was decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST_STREAMS = 16
"""Streams of a worker. FFmpeg's time-outs call back into Python: with 32 in one process they fall behind."""
MOST_LEVEL = 3
"""A stream is degraded by as many levels at most; each makes the seconds between two looks longer by a hop."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one worker. It outlives the process in it, and so does its outbox."""

    id: str
    node: str = ""
    """The machine; empty: there is one only."""
    capacity: float = 1.0
    """Load that it carries, where 1 is all of what an ordinary slot has."""
    most: int = MOST_STREAMS


@dataclass(frozen=True, slots=True)
class Wish:
    """A stream that is to be watched."""

    stream: str
    priority: int = 0
    """Where there is too little for all, those with a lower number are degraded first, and refused first."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a stream asks of its worker, in loads (1: all of an ordinary slot)."""

    base: float
    """Reading, decoding, scaling: the camera decides it."""
    looks: float
    """Recognition at the hop that is configured: of the clips that were cut, whether they were looked at or shed."""

    def at(self, level: int) -> float:
        """Its load while it is degraded by so many levels."""
        return self.base + self.looks / (level + 1)


@dataclass(frozen=True, slots=True)
class Report:
    """What a worker measured of late."""

    overhead: float = 0.0
    """Load of the process that no stream explains."""
    costs: Mapping[str, Cost] = field(default_factory=dict)
    """By stream, at full pace."""


@dataclass(frozen=True, slots=True)
class Place:
    """Who watches a stream."""

    stream: str
    slot: str
    term: int
    """Of this ownership; grows with every other owner. Of two that hold a stream the higher one is right."""
    level: int = 0
    """By how much it is degraded: of so many clips more than one, one is looked at."""
