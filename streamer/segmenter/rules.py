"""When an action counts as begun and as over, and how late that is known. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EventRule:
    """When an action counts as begun and as over. All times are media seconds."""

    on: float = 0.6
    """The smoothed score at which the action begins."""
    off: float = 0.4
    """The smoothed score below which it is over; lower than `on`, so that a score in between does not flicker."""
    dwell_s: float = 0.0
    """How long the score must stay at or above `on` before the action counts as begun (back-dated)."""
    release_s: float = 0.5
    """How long the score must stay below `off` before it counts as over (back-dated)."""
    smooth_s: float = 0.5
    """Time constant of the exponential smoothing; 0 takes the scores as they are."""
    min_s: float = 0.0
    """What lasts shorter is never told: the start waits until it has lasted so long."""
    merge_s: float = 0.0
    """The same action again, so soon after its end, goes on as the same segment: the end waits so long."""
    max_s: float = math.inf
    """What lasts longer is ended at that age; it must fall below `off` before it can begin again."""
    cooldown_s: float = 0.0
    """How long after an end that was told the same action cannot begin again."""
    margin: float = 0.0
    """How much surer than the action that goes on this one must be to take its place, where only one can go on; at 1 it
    waits for the other's end."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later than its moment an event is decided, at most, while an answer comes every hop; in media seconds."""

    start_s: float
    end_s: float


def lateness(rules: Mapping[str, EventRule], hop_s: float, together: bool) -> Lateness:
    """From the back-dated moment to the decision, over all the rules; `together`: several actions can go on at once
    and exclude none.

    Where actions exclude each other, one may have waited for the release of another.
    """
    waits = 0.0 if together else max((rule.release_s for rule in rules.values()), default=0.0)
    start_s = max((max(_start_s(rule), waits + rule.min_s) for rule in rules.values()), default=0.0)
    end_s = max((max(rule.release_s, _gap_s(rule)) for rule in rules.values()), default=0.0)
    return Lateness(start_s + hop_s, end_s + hop_s)


def _gap_s(rule: EventRule) -> float:
    """What begins within the gap must first dwell."""
    return rule.merge_s + rule.dwell_s if rule.merge_s > 0 else 0.0


def _start_s(rule: EventRule) -> float:
    """What has not lasted long enough may dip once more before it goes on."""
    return max(rule.dwell_s, rule.min_s + max(rule.release_s, _gap_s(rule)) if rule.min_s > 0 else 0.0)


def reached_after_s(rule: EventRule) -> tuple[float, float]:
    """Seconds that the smoothing needs to reach `on` from 0 where a score jumps to 1, and to fall below `off` from 1
    where it drops to 0."""
    rise_s = -rule.smooth_s * math.log1p(-rule.on) if rule.on < 1 else math.inf if rule.smooth_s > 0 else 0.0
    fall_s = -rule.smooth_s * math.log(rule.off) if rule.off > 0 else math.inf if rule.smooth_s > 0 else 0.0
    return rise_s, fall_s
