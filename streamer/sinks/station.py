"""A watch as others are told of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Station:
    """One watch of one stream."""

    stream: str
    watch: str
    actions: tuple[str, ...]
    """What it can recognize."""
    follows: bool = False
    """Whether it follows a procedure: then there are steps, cycles and their times."""
