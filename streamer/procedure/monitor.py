"""From actions to verdicts: which steps of a procedure were done, in order and in time. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from uuid import UUID, uuid5

from streamer.event import (
    EVENT_NAMESPACE,
    ActionEvent,
    CycleEvent,
    CyclePhase,
    Ending,
    Phase,
    Reason,
    StepEvent,
    Verdict,
)
from streamer.procedure.graph import Clause, Procedure, Step
from streamer.procedure.sight import Sight
from streamer.procedure.unit import Occurrence, Order, Unit
from streamer.units import Named

Told = StepEvent | CycleEvent
MOST_STEPS = 1000
"""Times that steps of one unit are done; a unit that never ends is given up then."""
UNSEEN_MOST_S = 3600.0
"""A unit that is out of sight for so long is abandoned."""


class ProcedureMonitor:
    """The verdicts on one watch. Every method is given when it is (Unix seconds, never backwards) and says what is new.

    A step has one `step_id` and is told when it is over, or before where something is wrong already; whatever is
    learned later revises it. A unit begins with the first step that is seen. A step counts as done before another if it
    had begun before it: people work on two things at once.
    """

    def __init__(self, procedure: Procedure, stream: str, watch: str) -> None:
        self._procedure, self._stream, self._watch = procedure, stream, watch
        self._order = Order.of(procedure)
        self._sight = Sight()
        self._unit: Unit | None = None
        self._doing: dict[UUID, Occurrence] = {}
        """Occurrences that go on, by the action that shows them."""
        self._free_since = float("-inf")
        self._active_at = float("-inf")
        self._next_unit: Named | None = None
        self._next_doubtful = False
        self._now = float("-inf")

    def observe(self, event: ActionEvent) -> list[Told]:
        """An action began or ended."""
        told = self.passed(event.decided_at)
        if event.phase is Phase.STARTED:
            told += self._begun(event)
        elif event.phase is Phase.ENDED and event.action_id in self._doing:
            told += self._ended(self._doing.pop(event.action_id), event)
        return told

    def lost_sight(self, at: float) -> list[Told]:
        """The camera is down, frozen, dark or blocked; perhaps it was so for a while before that was known."""
        told = self.passed(at)
        self._sight.lost(at)
        for one in self._doing.values():
            one.hidden = True
        return told + ([] if self._unit is None else self._not_seen_after_all(self._unit, at))

    def _not_seen_after_all(self, unit: Unit, since: float) -> list[Told]:
        told: list[Told] = []
        for one in unit.seen:
            if one.ended_at is not None and one.started_at >= since and not one.unfinished:
                one.unfinished, one.hidden, one.took_s = True, True, None
                told.append(self._tell(unit, one))
        return told

    def regained_sight(self, at: float) -> list[Told]:
        told = self.passed(at)
        self._sight.restored(at)
        return told

    def named(self, unit: Named, at: float, grace_s: float = math.inf) -> None:
        """The unit that is worked on, if its work began no longer ago and nobody named it, or by a name that came too
        late for the one before: else one late name would shift all others. Else the next one."""
        now = self._unit
        if now is not None and now.name == unit:
            return
        open_to_it = now is not None and (now.name is None or now.doubtful)
        if now is not None and open_to_it and at - now.started_at <= grace_s:
            now.name, now.doubtful = unit, False
        else:
            self._next_unit, self._next_doubtful = unit, open_to_it

    def passed(self, now: float) -> list[Told]:
        """Time went by: steps take too long, units are left."""
        self._now = max(self._now, now)
        if self._unit is None:
            return []
        if self._sight.blind:
            return self._unseen_for_too_long(self._unit)
        told: list[Told] = []
        for one in self._unit.open():
            # By `now`: where a clock was set back, what was told before lies ahead.
            late = one.step.max_s is not None and now - one.started_at > one.step.max_s
            if late and not one.hidden and one.verdict() is Verdict.DONE and one.told is None:
                told.append(self._tell(self._unit, one, Verdict.OVERTIME))
        quiet_since = max(self._active_at, self._sight.last())
        if not self._doing and self._now - quiet_since > self._procedure.idle_s:
            told += self._over(self._unit, CyclePhase.ABANDONED, Ending.IDLE, self._active_at)
        return told

    def _unseen_for_too_long(self, unit: Unit) -> list[Told]:
        """Blind time is not idle; yet a camera that is away overnight does not come back to the same unit."""
        if self._now - max(self._sight.since, unit.started_at) <= max(UNSEEN_MOST_S, self._procedure.idle_s):
            return []
        return self._over(unit, CyclePhase.ABANDONED, Ending.IDLE, max(self._active_at, unit.started_at))

    def close(self, at: float, reason: Ending = Ending.SOURCE_ENDED) -> list[Told]:
        """Nothing more will be seen."""
        told = self.passed(at)
        if self._unit is not None:
            told += self._over(self._unit, CyclePhase.ABANDONED, reason, self._now)
        return told

    def _begun(self, event: ActionEvent) -> list[Told]:
        told: list[Told] = []
        if event.action == self._procedure.aborts_with:
            if self._unit is not None:
                told = self._over(self._unit, CyclePhase.ABANDONED, Ending.ABORTED, event.at)
            return told
        told += self._undone(event)
        candidates = [step for step in self._procedure.steps if step.action == event.action]
        if not candidates:
            return told
        self._active_at = max(self._active_at, event.at)
        if self._unit is not None and len(self._unit.seen) >= MOST_STEPS:
            told += self._over(self._unit, CyclePhase.ABANDONED, Ending.ABORTED, event.at)
        if self._unit is not None and self._begins_next(self._unit, candidates):
            told += self._over(self._unit, CyclePhase.COMPLETED, Ending.NEXT_BEGAN, event.at)
        if self._unit is None:
            self._unit = self._next(event)
            told.append(self._cycle(self._unit, CyclePhase.STARTED, event.at))
        return told + self._taken_up(self._unit, self._likeliest(self._unit, candidates), event)

    def _begins_next(self, unit: Unit, candidates: list[Step]) -> bool:
        """The first step comes again, and something else was done in between."""
        return any(
            step.name == self._procedure.starts_with and unit.whole(step) and unit.seen[-1].step is not step
            for step in candidates
        )

    def _next(self, event: ActionEvent) -> Unit:
        cycle_id = uuid5(EVENT_NAMESPACE, f"{self._procedure.name}/{event.action_id}")
        unit = Unit(cycle_id, self._order, self._free_since, event.at, self._next_unit, self._next_doubtful)
        self._next_unit, self._next_doubtful = None, False
        self._sight.forget(self._free_since)
        return unit

    def _likeliest(self, unit: Unit, candidates: list[Step]) -> Step:
        """Which of the steps that look the same: one that is in order and still to be done, the first such."""
        return min(
            candidates,
            key=lambda step: (
                unit.unfinished(step.name) is None,
                unit.times(step.name) >= step.most,
                len(unit.missing(step, self._sight)),
            ),
        )

    def _taken_up(self, unit: Unit, step: Step, event: ActionEvent) -> list[Told]:
        again = unit.unfinished(step.name)
        if again is not None:
            again.unfinished, again.ended_at, again.hidden = False, None, True
            self._doing[event.action_id] = again
            return []
        overtaken = unit.overtaken_by(step)
        done_instead = any(unit.times(name) for name in self._order.choice.get(step.name, ()) if name != step.name)
        one = Occurrence(
            id=uuid5(unit.id, str(event.action_id)),
            step=step,
            started_at=event.at,
            missing=unit.missing(step, self._sight),
            overtaken_by=tuple(dict.fromkeys(other.step.name for other in overtaken if not self._unseen(unit, step))),
            repeated=done_instead or unit.times(step.name) >= step.most,
        )
        unit.add(one)
        self._doing[event.action_id] = one
        told: list[Told] = []
        for other in overtaken:
            if any(step.name in clause for clause in other.missing) and not other.too_early:
                other.too_early = True
                told.append(self._tell(unit, other))
        if one.verdict() in (Verdict.PREMATURE, Verdict.OUT_OF_ORDER, Verdict.REPEATED):
            told.append(self._tell(unit, one))
        return told

    def _unseen(self, unit: Unit, step: Step) -> bool:
        """It may have been done before already, without being seen."""
        return unit.hidden(frozenset({step.name}), self._sight)

    def _ended(self, one: Occurrence, event: ActionEvent) -> list[Told]:
        unit = self._unit
        if unit is None or one not in unit.seen:
            return []  # the unit was over before it
        one.ended_at = event.at
        one.unfinished = event.reason is not Reason.COMPLETED or self._sight.covers(one.started_at, event.at)
        one.hidden |= self._sight.hid(one.started_at, event.at)
        seen_whole = not (one.unfinished or one.hidden)
        one.took_s = event.duration_s if seen_whole else None
        self._active_at = max(self._active_at, event.at)
        told: list[Told] = [self._tell(unit, one)]
        last = self._procedure.ends_with
        finished = unit.whole(one.step) and last == one.step.name if last else not unit.left()
        if finished:
            told += self._over(unit, CyclePhase.COMPLETED, Ending.FINISHED, event.at)
        return told

    def _undone(self, event: ActionEvent) -> list[Told]:
        """Whatever this takes back, the newest time of each step."""
        told: list[Told] = []
        unit = self._unit
        for step in self._procedure.steps if unit is not None else ():
            done = [one for one in unit.seen if one.step is step and not one.undone] if unit is not None else []
            if unit is not None and step.undone_by == event.action and done:
                done[-1].undone = True
                told.append(self._tell(unit, done[-1]))
        return told

    def _over(self, unit: Unit, phase: CyclePhase, reason: Ending, at: float) -> list[Told]:
        told: list[Told] = []
        for one in unit.seen:
            unsettled = bool(one.missing) and not (one.too_early or one.settled)
            if one.ended_at is None:
                one.ended_at, one.unfinished = max(at, one.started_at), True
                unsettled = True
            one.settled = True
            if unsettled:
                told.append(self._tell(unit, one))
        left = unit.left()
        if phase is CyclePhase.COMPLETED:
            told += list(self._not_done(unit, left, at))
        self._unit, self._doing = None, {}
        self._free_since = at
        told.append(self._cycle(unit, phase, at, reason, left))
        return told

    def _not_done(self, unit: Unit, left: list[Clause], at: float) -> Iterator[StepEvent]:
        """A verdict on each step that should have been done."""
        for clause in left:
            if any(unit.unfinished(name) for name in clause):
                continue  # has been told as inconclusive
            hidden = unit.hidden(clause, self._sight, at)
            step = next(step for step in self._procedure.steps if step.name in clause)
            lost = Occurrence(uuid5(unit.id, _shown(clause)), step, at)
            yield self._tell(unit, lost, Verdict.INCONCLUSIVE if hidden else Verdict.MISSED, _shown(clause))

    def _tell(self, unit: Unit, one: Occurrence, verdict: Verdict | None = None, name: str | None = None) -> StepEvent:
        one.revision += 1
        one.told = verdict or one.verdict()
        return StepEvent(
            step_id=one.id,
            stream=self._stream,
            watch=self._watch,
            procedure=self._procedure.name,
            cycle_id=unit.id,
            step=name or one.step.name,
            verdict=one.told,
            at=one.started_at,
            decided_at=self._now,
            took_s=one.took_s,
            missing=tuple(map(_shown, one.missing)),
            overtaken_by=one.overtaken_by,
            probability=1 - 0.5 ** len(one.missing) if one.told is Verdict.PREMATURE else 1.0,
            revision=one.revision,
            unit_id=unit.unit_id,
            work_order=unit.work_order,
        )

    def _cycle(
        self, unit: Unit, phase: CyclePhase, at: float, reason: Ending | None = None, left: list[Clause] | None = None
    ) -> CycleEvent:
        return CycleEvent(
            cycle_id=unit.id,
            stream=self._stream,
            watch=self._watch,
            procedure=self._procedure.name,
            phase=phase,
            at=at,
            decided_at=self._now,
            reason=reason,
            took_s=None if reason is None else max(at - unit.started_at, 0.0),
            takt_s=self._procedure.takt_s,
            steps=unit.took(),
            left=tuple(map(_shown, left or ())),
            unit_id=unit.unit_id,
            work_order=unit.work_order,
        )


def _shown(clause: Clause) -> str:
    return "|".join(sorted(clause))
