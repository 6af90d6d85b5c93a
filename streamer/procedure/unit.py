"""One unit's work: what has been done of it so far. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from streamer.event import Verdict
from streamer.procedure.graph import Clause, Procedure, Step, closure
from streamer.procedure.sight import Sight
from streamer.units import Named


@dataclass(slots=True)
class Occurrence:
    """One time that a step was seen, or that it was not done at all."""

    id: UUID
    step: Step
    started_at: float
    missing: tuple[Clause, ...] = ()
    """What should have been done before and was not, when it began."""
    overtaken_by: tuple[str, ...] = ()
    repeated: bool = False
    ended_at: float | None = None
    took_s: float | None = None
    hidden: bool = False
    """Whether a part of it was not seen."""
    unfinished: bool = False
    """Whether it was no longer seen before it was over."""
    undone: bool = False
    too_early: bool = False
    """Whether something that was missing came later."""
    settled: bool = False
    """Whether what was missing is known not to come."""
    told: Verdict | None = None
    revision: int = -1

    def verdict(self) -> Verdict:
        """What is known now; the gravest first."""
        known = (
            (self.undone, Verdict.UNDONE),
            (self.repeated, Verdict.REPEATED),
            (self.too_early or bool(self.overtaken_by), Verdict.OUT_OF_ORDER),
            (bool(self.missing) and not self.settled, Verdict.PREMATURE),
            (self.unfinished, Verdict.INCONCLUSIVE),
            (self._lasted(self.step.max_s or math.inf, math.inf), Verdict.OVERTIME),
            (self._lasted(-math.inf, self.step.min_s), Verdict.UNDERSHOOT),
        )
        return next((verdict for holds, verdict in known if holds), Verdict.DONE)

    def _lasted(self, above: float, below: float) -> bool:
        return self.took_s is not None and not self.hidden and above < self.took_s < below


@dataclass(slots=True)
class Order:
    """What each step needs and what needs it, worked out once for all units."""

    procedure: Procedure
    before: Mapping[str, tuple[Clause, ...]]
    choice: Mapping[str, Clause]

    @classmethod
    def of(cls, procedure: Procedure) -> Order:
        return cls(procedure, closure(procedure.steps), {name: one for one in procedure.choices for name in one})


@dataclass(slots=True)
class Unit:
    """The state of one cycle."""

    id: UUID
    order: Order
    since: float
    """Unix seconds from which on work can have been for this unit: the end of the one before."""
    started_at: float
    name: Named | None = None
    doubtful: bool = False
    """Whether the name came while a unit without one was worked on: it may have been that one's."""
    seen: list[Occurrence] = field(default_factory=list)
    _of: dict[str, list[Occurrence]] = field(default_factory=dict)

    @property
    def unit_id(self) -> str | None:
        return None if self.name is None else self.name.unit_id

    @property
    def work_order(self) -> str | None:
        return None if self.name is None else self.name.work_order

    def add(self, one: Occurrence) -> None:
        self.seen.append(one)
        self._of.setdefault(one.step.name, []).append(one)

    def times(self, step: str) -> int:
        """How often it was done or is being done."""
        return sum(not one.undone for one in self._of.get(step, ()))

    def whole(self, step: Step) -> bool:
        """Whether it was seen to be done as often as it must be."""
        return (
            sum(not (one.undone or one.unfinished or one.ended_at is None) for one in self._of.get(step.name, ()))
            >= step.repeat
        )

    def unfinished(self, step: str) -> Occurrence | None:
        """The time that it went out of sight, if it was not seen again."""
        last = self._of.get(step, [])[-1:]
        return last[0] if last and last[0].unfinished else None

    def open(self) -> Iterator[Occurrence]:
        return (one for one in self.seen if one.ended_at is None)

    def missing(self, step: Step, sight: Sight) -> tuple[Clause, ...]:
        """What must be done before it, was not, and cannot have been done unseen either."""
        return tuple(
            clause
            for clause in self.order.before[step.name]
            if not any(map(self.times, clause)) and not self.hidden(clause, sight)
        )

    def overtaken_by(self, step: Step) -> tuple[Occurrence, ...]:
        """What needs it and came before it, if this is its first time."""
        if self.times(step.name):
            return ()
        return tuple(one for one in self.seen if not one.undone and self._needs(one.step.name, step.name))

    def _needs(self, later: str, step: str) -> bool:
        return any(step in clause and not any(map(self.times, clause)) for clause in self.order.before[later])

    def left(self) -> list[Clause]:
        """What must still be done, in the order of the procedure."""
        steps = {step.name: step for step in self.order.procedure.steps}
        return [one for one in self.order.procedure.required() if not any(self.whole(steps[name]) for name in one)]

    def hidden(self, clause: Clause, sight: Sight, until: float = math.inf) -> bool:
        """Whether one of these steps can have been done unseen.

        When it was due, however briefly the camera was blind; later, where that was for long enough."""
        return any(self._hidden(step, sight, until) for step in self.order.procedure.steps if step.name in clause)

    def _hidden(self, step: Step, sight: Sight, until: float) -> bool:
        before = {name for clause in self.order.before[step.name] for name in clause}
        due = max((one.started_at for one in self.seen if one.step.name in before), default=self.since)
        later = (one.started_at for one in self.seen if self._waits(one.step.name, step.name))
        over = min((at for at in later if at >= due), default=until)
        return sight.hid(due, min(over, until)) or sight.hid(due, until, step.min_s or (step.typical_s or 0.0) / 2)

    def _waits(self, later: str, step: str) -> bool:
        return any(step in clause for clause in self.order.before[later])

    def took(self) -> tuple[tuple[str, float], ...]:
        """Seconds of each step that was done."""
        return tuple(
            (step.name, sum(one.took_s or 0.0 for one in self._of[step.name]))
            for step in self.order.procedure.steps
            if any(one.took_s is not None for one in self._of.get(step.name, ()))
        )
