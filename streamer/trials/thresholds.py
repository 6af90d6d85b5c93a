"""Which smoothed score is enough for an action to begin: chosen for a number of false alarms an hour. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from streamer.segmenter import EventRule
from streamer.stages import Watch
from streamer.trials.watching import Rules, Watched, hours, judged

CANDIDATES = tuple(round(0.5 + 0.01 * n, 2) for n in range(50))
"""Below a half, something else may be likelier."""
TOLERANCE_S = 2.0
_NEVER = EventRule(on=2.0, off=2.0)


def chosen(
    watch: Watch, negatives: Sequence[Watched], positives: Sequence[Watched], false_alarms_per_hour: float
) -> dict[str, float]:
    """A threshold for each action: of those that keep the budget on recordings that show none of the actions, the one
    with the best F1 of events where it is shown, the lowest of equal ones (it is the earliest).

    The budget is shared evenly; the part of an alarm is none. An action that no candidate keeps quiet gets the highest.
    """
    actions = [label for label in watch.labels if label != watch.background]
    allowed = int(false_alarms_per_hour * hours(negatives) / len(actions) + 1e-9)
    lowest = {action: _quiet(watch, action, negatives, allowed) for action in actions}
    return {action: _best(watch, action, positives, lowest) for action in actions}


def with_thresholds(watch: Watch, thresholds: dict[str, float]) -> Rules:
    """The rules of a watch, with these scores for `on`."""
    return {**watch.in_force, **{action: _begun_at(watch, action, on) for action, on in thresholds.items()}}


def _begun_at(watch: Watch, action: str, on: float) -> EventRule:
    rules = watch.in_force
    rule = rules.get(action) or rules.get("default", EventRule())
    return replace(rule, on=on, off=min(rule.off, on))


def _quiet(watch: Watch, action: str, negatives: Sequence[Watched], allowed: int) -> float:
    """The lowest candidate with so few alarms. Where the score must be higher there are never more: every start lies
    in a segment that a lower one would have had."""
    low, high = 0, len(CANDIDATES) - 1
    while low < high:
        middle = (low + high) // 2
        rules = {"default": _NEVER, action: _begun_at(watch, action, CANDIDATES[middle])}
        alarms = sum(len(one.found(watch, rules)) for one in negatives)
        low, high = (low, middle) if alarms <= allowed else (middle + 1, high)
    return CANDIDATES[low]


def _best(watch: Watch, action: str, positives: Sequence[Watched], lowest: dict[str, float]) -> float:
    shows = [one for one in positives if any(done.action == action for done in one.happened)]
    best, score = lowest[action], -1.0
    for candidate in CANDIDATES[CANDIDATES.index(lowest[action]) :: 5] if shows else ():
        matches = judged(shows, watch, with_thresholds(watch, {**lowest, action: candidate}), TOLERANCE_S)
        if matches.f1 > score + 1e-9:
            best, score = candidate, matches.f1
    return best
