"""What is going on in front of one watch, and how often what happened since the service began. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from streamer.event import ActionEvent, CycleEvent, CyclePhase, Phase, StepEvent
from streamer.wire import timestamp

MOST_SHOWN = 32
"""Actions that are shown as going on; how many there are is always told."""
MOST_STEPS = 200
"""Steps of a unit that are shown, and verdicts that may still be revised."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a procedure asks for, as far as a board shows it."""

    steps: tuple[tuple[str, str], ...] = ()
    """(step, the action that shows it), in the order of the procedure."""


class Doing:
    """Actions that are open, the unit that is worked on, and counters."""

    def __init__(self, work: Work, at: float) -> None:
        """`at`: Unix seconds, as everywhere here."""
        self._work = work
        self._began_at = at
        self._quiet_since = at
        self._open: dict[UUID, ActionEvent] = {}
        self._unit: CycleEvent | None = None
        self._last: CycleEvent | None = None
        self._steps: dict[UUID, StepEvent] = {}
        """Of the unit that is worked on, by their newest revision."""
        self._told: dict[UUID, str] = {}
        """Verdicts that are counted, by step."""
        self._actions: Counter[str] = Counter()
        self._cycles: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()

    def acted(self, event: ActionEvent) -> None:
        """An action began, was revised or is over."""
        if event.phase is Phase.STARTED:
            self._actions[event.action] += 1
        if event.phase is not Phase.ENDED:
            self._open[event.action_id] = event
        elif self._open.pop(event.action_id, None) is not None and not self._open:
            self._quiet_since = event.at

    def judged(self, event: StepEvent) -> None:
        """A step was judged, or judged anew."""
        if (before := self._told.get(event.step_id)) is not None:
            self._verdicts[before] -= 1
        self._told[event.step_id] = str(event.verdict)
        self._verdicts[str(event.verdict)] += 1
        while len(self._told) > MOST_STEPS:
            del self._told[next(iter(self._told))]
        if self._unit is not None and event.cycle_id == self._unit.cycle_id and len(self._steps) < MOST_STEPS:
            self._steps[event.step_id] = event

    def moved_on(self, event: CycleEvent) -> None:
        """A unit begins or is over."""
        if event.phase is CyclePhase.STARTED:
            self._unit, self._steps = event, {}
            return
        self._cycles[str(event.phase)] += 1
        self._last = event
        if self._unit is not None and self._unit.cycle_id == event.cycle_id:
            self._unit, self._steps = None, {}

    def document(self, now: float) -> dict[str, object]:
        """Of schema takt.state.v1, without what names stream and watch."""
        shown = sorted(self._open.values(), key=lambda event: event.started_at, reverse=True)[:MOST_SHOWN]
        doing = [_action(event) for event in shown]
        return {
            "at": timestamp(now),
            "action": doing[0] if doing else None,
            "open": doing,
            "open_count": len(self._open),
            **({} if doing else {"quiet_since": timestamp(self._quiet_since)}),
            "counts": {
                "since": timestamp(self._began_at),
                "actions": dict(self._actions),
                "cycles": dict(self._cycles),
                "verdicts": {verdict: count for verdict, count in self._verdicts.items() if count},
            },
            "cycle": None if self._unit is None else self._cycle(self._unit, now),
            "last_cycle": None if self._last is None else _over(self._last),
        }

    def _cycle(self, unit: CycleEvent, now: float) -> dict[str, object]:
        steps = sorted(self._steps.values(), key=lambda event: event.at)
        judged = {event.step for event in steps}
        acting = {event.action for event in self._open.values()}
        current = [step for step, action in self._work.steps if action in acting and step not in judged]
        left = [step for step, _ in self._work.steps if step not in judged and step not in current]
        return {
            **_names(unit),
            "started_at": timestamp(unit.at),
            "elapsed_s": round(max(0.0, now - unit.at), 3),
            **_seconds(takt_s=unit.takt_s),
            "steps": [
                {"step": event.step, "verdict": str(event.verdict), **_seconds(took_s=event.took_s)} for event in steps
            ],
            "current": current,
            "left": left,
            "missed": [event.step for event in steps if event.verdict == "missed"],
        }


def _action(event: ActionEvent) -> dict[str, object]:
    told: dict[str, object] = {
        "action": event.action,
        "action_id": str(event.action_id),
        "since": timestamp(event.started_at),
        "score": round(event.score, 4),
    }
    if event.actor is not None:
        told["actor"] = {"id": event.actor.id}
    return told


def _over(event: CycleEvent) -> dict[str, object]:
    told = {**_names(event), "phase": str(event.phase), "ended_at": timestamp(event.at)}
    if event.reason is not None:
        told["reason"] = str(event.reason)
    return {
        **told,
        **_seconds(took_s=event.took_s, takt_s=event.takt_s, deviation_s=event.deviation_s),
        "left": list(event.left),
    }


def _names(event: CycleEvent) -> dict[str, object]:
    known = {"unit_id": event.unit_id, "work_order": event.work_order}
    unit = {name: value for name, value in known.items() if value is not None}
    return {"cycle_id": str(event.cycle_id), "procedure": event.procedure, **unit}


def _seconds(**values: float | None) -> Mapping[str, float]:
    return {name: round(value, 3) for name, value in values.items() if value is not None}
