"""From settings to a procedure."""

from __future__ import annotations

from streamer.procedure.graph import Clause, Procedure, Step
from streamer.settings import ProcedureSettings


def procedure_of(settings: ProcedureSettings) -> Procedure:
    """Settings that were loaded have no circles and name nothing that is not there."""
    clauses: dict[str, tuple[Clause, ...]] = {name: (frozenset({name}),) for name in settings.steps}
    for name, group in settings.groups.items():
        clauses[name] = (
            (frozenset(group.one_of),) if group.one_of else tuple(frozenset({one}) for one in group.any_order)
        )
    also: dict[str, tuple[str, ...]] = {}
    for group in settings.groups.values():
        also |= dict.fromkeys((*group.any_order, *group.one_of), group.after)
    steps = tuple(
        Step(
            name=name,
            action=step.action or name,
            after=tuple(dict.fromkeys(c for one in (*step.after, *also.get(name, ())) for c in clauses[one])),
            optional=step.optional,
            repeat=step.repeat,
            at_most=step.at_most,
            min_s=step.min_s,
            typical_s=step.typical_s,
            max_s=step.max_s,
            undone_by=step.undone_by,
        )
        for name, step in settings.steps.items()
    )
    return Procedure(
        name=settings.name,
        steps=steps,
        choices=tuple(frozenset(group.one_of) for group in settings.groups.values() if group.one_of),
        takt_s=settings.takt_s,
        starts_with=settings.cycle.starts_with,
        ends_with=settings.cycle.ends_with,
        aborts_with=settings.cycle.aborts_with,
        idle_s=settings.cycle.idle_s,
        misses=settings.recognition.misses,
        invents=settings.recognition.invents,
    )
