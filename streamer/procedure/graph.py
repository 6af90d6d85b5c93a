"""A procedure as a partial order of steps. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import chain

Clause = frozenset[str]
"""Steps of which one must be done."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the work."""

    name: str
    action: str
    """The label by which it is recognized; several steps may share one."""
    after: tuple[Clause, ...] = ()
    """Of each clause one step must be done before."""
    optional: bool = False
    repeat: int = 1
    """How many times it is done."""
    at_most: int | None = None
    """Times after which it is repeated; None: as `repeat`."""
    min_s: float = 0.0
    typical_s: float | None = None
    max_s: float | None = None
    undone_by: str | None = None
    """The label of the action that takes it back."""

    @property
    def most(self) -> int:
        """How many times it may be done."""
        return self.repeat if self.at_most is None else self.at_most


@dataclass(frozen=True, slots=True)
class Procedure:
    """What is to be done with each unit."""

    name: str
    steps: tuple[Step, ...]
    choices: tuple[Clause, ...] = ()
    """Alternatives: of each clause one step is done, the others are not missed."""
    takt_s: float | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    aborts_with: str | None = None
    """The label of the action that gives the unit up."""
    idle_s: float = 120.0
    misses: float = 0.05
    """Share of the moments of a step at which it is not recognized."""
    invents: float = 0.05
    """Share of moments at which something wrong is recognized."""

    @property
    def actions(self) -> frozenset[str]:
        """The labels that it speaks of."""
        named = {self.aborts_with, *(step.action for step in self.steps), *(step.undone_by for step in self.steps)}
        return frozenset(one for one in named if one is not None)

    def required(self) -> tuple[Clause, ...]:
        """What must be done for the unit to be whole, in the order of the steps."""
        choice = {name: clause for clause in self.choices for name in clause}
        found: dict[Clause, None] = {}
        for step in self.steps:
            clause = choice.get(step.name, frozenset({step.name}))
            if not step.optional or step.name in choice:
                found.setdefault(clause)
        return tuple(found)


def closure(steps: Collection[Step]) -> Mapping[str, tuple[Clause, ...]]:
    """All that must be done before each step, also by way of others, the earliest first.

    What only some of a clause's alternatives wait for is not asked for: another one may have been done.
    """
    direct = {step.name: step.after for step in steps}
    whole: dict[str, dict[Clause, None]] = {}
    left = list(direct)
    while left:
        name = left.pop()
        waiting = [one for one in chain(*direct[name]) if one not in whole]
        if name in whole:
            continue
        if waiting:
            left += [name, *waiting]
            continue
        found: dict[Clause, None] = {}
        for clause in direct[name]:
            first, *others = [whole[one] for one in sorted(clause)]
            found |= {one: None for one in first if all(one in other for other in others)}
        whole[name] = found | dict.fromkeys(direct[name])
    return {name: tuple(found) for name, found in whole.items()}


def levels(steps: Collection[Step]) -> Mapping[str, int]:
    """How many steps must be done before each at least, one after the other."""
    direct = {step.name: set(chain(*step.after)) for step in steps}
    found: dict[str, int] = {}
    while len(found) < len(direct):
        ready = [name for name, before in direct.items() if name not in found and before <= found.keys()]
        found |= {name: 1 + max((found[one] for one in direct[name]), default=-1) for name in ready}
    return found


def shown_edges(steps: Collection[Step]) -> tuple[tuple[str, str], ...]:
    """Pairs (before, after) without those that follow from others (the transitive reduction)."""
    direct = {step.name: set(chain(*step.after)) for step in steps}
    behind: dict[str, set[str]] = {}
    for name in sorted(direct, key=levels(steps).__getitem__):
        behind[name] = direct[name].union(*(behind[one] for one in direct[name]))
    return tuple(
        (before, step.name)
        for step in steps
        for before in sorted(direct[step.name])
        if not any(before in behind[other] for other in direct[step.name])
    )
