"""From recorded work to a procedure: what always comes first, how often, how long. Pure.

Recordings only propose an order: whether it must be so is for whoever knows the work to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import median

from streamer.procedure.graph import Procedure, Step, shown_edges


@dataclass(frozen=True, slots=True)
class Done:
    """One action of a recorded cycle."""

    action: str
    start: float
    end: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Precedence:
    """What comes before what, as far as recordings show."""

    before: Mapping[str, frozenset[str]]
    """Actions that are done before each that was seen."""

    def broken_by(self, action: str, done: Collection[str]) -> bool:
        """Whether it was never seen, or something was always done before it that is not done now."""
        return action not in self.before or not self.before[action] <= set(done)


def precedence(sequences: Collection[Sequence[str]], sure: float = 0.9) -> Precedence:
    """Each action's predecessors: those that came first in a share of at least `sure` of the sequences that have it.

    The share is (n + 1) / (of + 2), so that a few sequences prove nothing.
    """
    seen = Counter(chain(*map(set, sequences)))
    earlier = _earlier(sequences)
    return Precedence(
        {
            action: frozenset(other for other in seen if (earlier[other, action] + 1) / (count + 2) >= sure)
            for action, count in seen.items()
        }
    )


def _earlier(sequences: Collection[Sequence[str]]) -> Counter[tuple[str, str]]:
    """In how many sequences the one began before the other began first."""
    found: Counter[tuple[str, str]] = Counter()
    for sequence in sequences:
        first = list(dict.fromkeys(sequence))
        found.update((one, other) for n, one in enumerate(first) for other in first[n + 1 :])
    return found


def proposed(name: str, cycles: Sequence[Sequence[Done]]) -> Procedure:
    """A procedure that all these good cycles follow.

    One action waits for another where that came first in every cycle that has both, and at least two have. Steps that
    some cycles do without are optional. Limits of time are half of the shortest and one and a half of the longest.
    """
    orders = [[one.action for one in sorted(cycle, key=lambda one: one.start)] for cycle in cycles]
    actions = list(dict.fromkeys(chain(*orders)))
    waits = _without_circles(actions, orders)
    steps = [_step(action, cycles, waits[action]) for action in actions]
    edges = shown_edges(steps)
    reduced = tuple(
        replace(step, after=tuple(frozenset({before}) for before, after in edges if after == step.name))
        for step in steps
    )
    spans = [max(one.end for one in cycle) - min(one.start for one in cycle) for cycle in cycles if cycle]
    first, last = ({order[place] for order in orders if order} for place in (0, -1))
    return Procedure(
        name,
        reduced,
        takt_s=round(median(spans), 1),
        starts_with=_only(first),
        ends_with=_only(last - {before for before, _ in edges}) if len(last) == 1 else None,
    )


def _only(names: set[str]) -> str | None:
    return min(names) if len(names) == 1 else None


def _without_circles(actions: Sequence[str], orders: Sequence[Sequence[str]]) -> dict[str, set[str]]:
    """What each waits for; what the most cycles show goes first, and what would close a circle is left out."""
    earlier = _earlier(orders)
    waits: dict[str, set[str]] = {action: set() for action in actions}
    behind: dict[str, set[str]] = {action: set() for action in actions}
    for (one, other), count in sorted(earlier.items(), key=lambda item: -item[1]):
        if count >= 2 and not earlier[other, one] and other not in behind[one] | {one}:
            waits[other].add(one)
            for action in actions:
                if action == other or other in behind[action]:
                    behind[action] |= {one} | behind[one]
    return waits


def _step(action: str, cycles: Sequence[Sequence[Done]], waits: set[str]) -> Step:
    times = [sum(one.action == action for one in cycle) for cycle in cycles]
    lasted = [one.end - one.start for cycle in cycles for one in cycle if one.action == action]
    return Step(
        action,
        action,
        tuple(frozenset({one}) for one in sorted(waits)),
        optional=0 in times,
        repeat=round(median(count for count in times if count)),
        min_s=round(min(lasted) / 2, 1),
        typical_s=max(round(median(lasted), 1), 0.1),
        max_s=max(round(max(lasted) * 1.5, 1), 0.1),
    )


def written(procedure: Procedure) -> str:
    """As YAML, in the form of config/procedures."""
    lines = [f"name: {_quoted(procedure.name)}", f"takt_s: {procedure.takt_s:g}"]
    ends = {"starts_with": procedure.starts_with, "ends_with": procedure.ends_with}
    known = ", ".join(f"{key}: {_quoted(name)}" for key, name in ends.items() if name is not None)
    lines += [f"cycle: {{{known}}}"] if known else []
    return "\n".join([*lines, "steps:", *map(_line, procedure.steps)]) + "\n"


def _line(step: Step) -> str:
    parts = [f"after: [{', '.join(_quoted(one) for clause in step.after for one in clause)}]"] if step.after else []
    parts += ["optional: true"] if step.optional else []
    parts += [f"repeat: {step.repeat}"] if step.repeat > 1 else []
    parts += [f"{key}_s: {getattr(step, key + '_s'):g}" for key in ("min", "typical", "max")]
    return f"  {_quoted(step.name)}: {{{', '.join(parts)}}}"


def _quoted(name: str) -> str:
    return name if name.replace("_", "a").replace("-", "a").isalpha() and name.islower() else f'"{name}"'
