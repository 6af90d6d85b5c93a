"""What the operator of the simulated cell does, and when: deterministic from a seed, with no end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

IDLE = "idle"
ACTIONS = ("pick", "place", "tighten", "loosen", "inspect", "put_away")
LABELS = (IDLE, *ACTIONS)

_TYPICAL_S = {
    "pick": (1.5, 2.0),
    "place": (1.5, 2.0),
    "tighten": (3.0, 4.5),
    "loosen": (3.0, 4.5),
    "inspect": (2.4, 3.4),
    "put_away": (1.6, 2.2),
    IDLE: (0.9, 2.6),
}
"""Shortest and longest duration at an even tempo."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Something done without a break."""

    label: str
    start_s: float
    end_s: float
    variant: float
    """In [0, 1): how it is done (what kind of pause, how many turns)."""

    def progress(self, at_s: float) -> float:
        return (at_s - self.start_s) / (self.end_s - self.start_s)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is to be done."""

    label: str
    slower: float = 1.0
    """Times as long as it would take."""


class Script:
    """Cycle after cycle: pick, place, one to three times tighten or loosen, inspect, put away; pauses between."""

    def __init__(self, seed: int, plan: Sequence[Sequence[Act]] = ()) -> None:
        """`plan`: what is done cycle by cycle instead, and nothing after it."""
        self._plan = None if not plan else list(plan)
        self._rng = np.random.default_rng((seed, 1))
        self.tempo = float(self._rng.uniform(0.75, 1.3))
        """The operator's speed; 1.3 is fast."""
        self.segments: list[Segment] = []
        """As far as they were asked for."""

    def at(self, at_s: float) -> int:
        """The number of the segment that a moment falls into."""
        self.until(at_s)
        low, high = 0, len(self.segments) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.segments[middle].start_s <= at_s else (low, middle - 1)
        return low

    def until(self, at_s: float) -> list[Segment]:
        """Everything that begins before a moment."""
        while not self.segments or self.segments[-1].end_s <= at_s:
            self._add_cycle()
        return [segment for segment in self.segments if segment.start_s <= at_s]

    def _add_cycle(self) -> None:
        for act in self._cycle():
            self._add(IDLE)
            self._add(act.label, act.slower)

    def _cycle(self) -> Sequence[Act]:
        if self._plan is not None:
            return self._plan.pop(0) if self._plan else [Act(IDLE)]
        turns = [str(self._rng.choice(("tighten", "loosen"))) for _ in range(int(self._rng.integers(1, 4)))]
        return [Act(label) for label in ("pick", "place", *turns, "inspect", "put_away")]

    def _add(self, label: str, slower: float = 1.0) -> None:
        shortest, longest = _TYPICAL_S[label]
        start_s = self.segments[-1].end_s if self.segments else 0.0
        took_s = float(self._rng.uniform(shortest, longest)) / self.tempo * slower
        self.segments.append(Segment(label, start_s, start_s + took_s, float(self._rng.random())))
