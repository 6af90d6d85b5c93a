"""Accuracy against cost: who is worth a look, and who is recommended. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """A candidate that was taught, judged and timed."""

    name: str
    right: float
    """Share of the held-out clips, or mean average precision where several labels can be true."""
    clips: int
    """That it was judged on."""
    ece: float
    ms_per_decision: float
    """On one CPU thread, of a stream that it follows; on a GPU where there is one."""
    decisions_per_s: float
    """Of a stream."""
    parameters: int
    taught_s: float
    checkpoint: str

    @property
    def streams_per_core(self) -> float:
        """That could be followed if recognizing were all there is to do; decoding comes on top."""
        return 1000 / (self.ms_per_decision * self.decisions_per_s)

    @property
    def doubt(self) -> float:
        """By how much `right` may be off by chance: its standard error, as if clips were independent."""
        return math.sqrt(max(self.right * (1 - self.right), 1e-4) / max(self.clips, 1))


@dataclass(frozen=True, slots=True)
class Budget:
    """What a recognizer may cost; `None` is no limit."""

    ms_per_decision: float | None = None
    streams_per_core: float | None = None

    def exceeded_by(self, one: Outcome) -> str | None:
        """Why it is too dear, in words."""
        if self.ms_per_decision is not None and one.ms_per_decision > self.ms_per_decision:
            return f"{one.ms_per_decision:.1f} ms a decision, over the budget of {self.ms_per_decision:g} ms"
        if self.streams_per_core is not None and one.streams_per_core < self.streams_per_core:
            return f"{one.streams_per_core:.1f} streams a core, under the {self.streams_per_core:g} asked for"
        return None


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Who to take, and why not the others."""

    name: str | None
    """`None`: nobody is within the budget."""
    reasons: tuple[str, ...]


def pareto(outcomes: Sequence[Outcome]) -> tuple[Outcome, ...]:
    """Those that no other beats in both accuracy and cost, the cheapest first."""
    best, front = -math.inf, []
    for one in sorted(outcomes, key=lambda one: (one.ms_per_decision, -one.right)):
        if one.right > best:
            best = one.right
            front.append(one)
    return tuple(front)


def recommended(outcomes: Sequence[Outcome], budget: Budget) -> Recommendation:
    """The most accurate within the budget; or the cheapest of those that are as good within one standard error, since
    the difference may be chance (Breiman et al., 1984, the one-standard-error rule)."""
    fit = [one for one in outcomes if budget.exceeded_by(one) is None]
    dear = tuple(f"{one.name} needs {why}" for one in outcomes if (why := budget.exceeded_by(one)) is not None)
    if not fit:
        return Recommendation(None, dear)
    best = max(fit, key=lambda one: (one.right, -one.ms_per_decision))
    taken = min((one for one in fit if one.right >= best.right - best.doubt), key=lambda one: one.ms_per_decision)
    said = [f"{taken.name} is right in {taken.right:.1%} of {taken.clips} held-out clips for {_cost(taken)}"]
    if taken is not best:
        said.append(
            f"{best.name} is right in {best.right:.1%}: the difference is within chance (±{best.doubt:.1%}), "
            f"and it costs {best.ms_per_decision / taken.ms_per_decision:.1f} times as much"
        )
    for one in fit:
        if one is not taken and one is not best:
            said.append(f"{one.name} is {taken.right - one.right:.1%} less often right, for {_cost(one)}")
    return Recommendation(taken.name, (*said, *dear))


def _cost(one: Outcome) -> str:
    return f"{one.ms_per_decision:.1f} ms a decision"
