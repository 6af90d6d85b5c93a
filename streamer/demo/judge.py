"""Events beside what really happened. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

GRACE_S = 1.0
"""A start may be decided so long after its action is over."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was done; Unix seconds."""

    action: str
    start_at: float
    end_at: float


@dataclass(frozen=True, slots=True)
class Start:
    """A started event."""

    action: str
    decided_at: float
    """Unix seconds at which the newest picture that the decision rests on was taken."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of everything done, and of every start."""

    right: tuple[tuple[Happening, Start], ...]
    wrong: tuple[Start, ...]
    """Starts without such an action, or a second one for the same."""
    missed: tuple[Happening, ...]


def judge(happened: Sequence[Happening], starts: Sequence[Start], cut: Sequence[Happening] = ()) -> Verdict:
    """Right is the first start with an action's label from its beginning to `GRACE_S` after its end.

    `cut`: what was seen in part only; the first start of each is neither right nor wrong.
    """
    cut_off = list(cut)
    open_to = dict(enumerate(happened))
    right, wrong = [], []
    for start in sorted(starts, key=lambda one: one.decided_at):
        fits = (n for n, done in open_to.items() if done.action == start.action and _covers(done, start.decided_at))
        number = next(fits, None)
        partly = next((one for one in cut_off if one.action == start.action and _covers(one, start.decided_at)), None)
        if number is None and partly is not None:
            cut_off.remove(partly)
        elif number is None:
            wrong.append(start)
        else:
            right.append((open_to.pop(number), start))
    return Verdict(tuple(right), tuple(wrong), tuple(open_to.values()))


def _covers(done: Happening, at: float) -> bool:
    return done.start_at <= at <= done.end_at + GRACE_S
