"""Pieces of work, acted out for a monitor."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid5

from streamer.event import EVENT_NAMESPACE, ActionEvent, CycleEvent, Phase, Reason, StepEvent
from streamer.procedure.graph import Procedure, Step
from streamer.procedure.monitor import ProcedureMonitor, Told


def only(*names: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset({name}) for name in names)


def chain(*names: str, ends: bool = True) -> Procedure:
    """Steps one after the other."""
    steps = [Step(name, name, only(*names[n - 1 : n]) if n else ()) for n, name in enumerate(names)]
    return Procedure("work", tuple(steps), takt_s=10, starts_with=names[0], ends_with=names[-1] if ends else None)


def action(
    name: str, started_at: float, ended_at: float | None = None, reason: Reason = Reason.COMPLETED
) -> ActionEvent:
    """Its start, or its end."""
    at = started_at if ended_at is None else ended_at
    return ActionEvent(
        action_id=uuid5(EVENT_NAMESPACE, f"{name}/{started_at}"), stream="cell", watch="bench", epoch=1, action=name,
        phase=Phase.STARTED if ended_at is None else Phase.ENDED, at=at, started_at=started_at, decided_at=at,
        duration_s=None if ended_at is None else ended_at - started_at, score=0.9,
        reason=None if ended_at is None else reason,
    )  # fmt: skip


class Bench:
    """A monitor and all that it told."""

    def __init__(self, procedure: Procedure) -> None:
        self.monitor = ProcedureMonitor(procedure, "cell", "bench")
        self.told: list[Told] = []

    def act(self, *acts: tuple[str, float, float]) -> None:
        """Actions (name, start, end) in the order of their moments; they may overlap."""
        moments = [action(name, start) for name, start, _ in acts] + [action(name, a, b) for name, a, b in acts]
        for one in sorted(moments, key=lambda event: event.at):
            self.told += self.monitor.observe(one)

    def row(self, names: str | Iterable[str], start: float = 0.0) -> None:
        """Each takes two seconds, with a second between."""
        self.act(*((name, start + 3 * n, start + 3 * n + 2) for n, name in enumerate(names)))

    def blind(self, start: float, end: float) -> None:
        self.told += self.monitor.lost_sight(start)
        self.told += self.monitor.regained_sight(end)

    @property
    def cycles(self) -> list[CycleEvent]:
        return [one for one in self.told if isinstance(one, CycleEvent)]

    @property
    def steps(self) -> list[StepEvent]:
        return [one for one in self.told if isinstance(one, StepEvent)]

    def verdicts(self) -> list[tuple[str, str]]:
        """Step and verdict by its newest revision, in the order in which they were first told."""
        newest = {one.step_id: one for one in self.steps}
        return [(one.step, str(one.verdict)) for one in newest.values()]
