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
    typical_s: float | None = None
    """How long it usually takes, where actions are decoded; None: as the decoding says."""


@dataclass(frozen=True, slots=True)
class Decoding:
    """How actions are decoded from scores instead of found by thresholds. All times are media seconds."""

    tick_s: float
    """Between two moments that are told apart: a hop."""
    lag_s: float = 1.0
    """How much later a moment is decided."""
    typical_s: float = 3.0
    """How long an action usually takes."""
    between_s: float = 3.0
    """How long nothing usually goes on."""
    looks_per_s: float = 4.0
    """How many independent looks the scores of a second are worth: clips overlap, and errors last."""


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later than its moment an event is decided, at most, while an answer comes every hop. Media seconds."""

    start_s: float
    end_s: float
    """From the back-dated moment to the decision."""
    rise_s: float
    fall_s: float
    """Before that: what the smoothing needs to reach `on` where a score jumps from 0 to 1, and to fall below `off`
    where it drops back."""


def lateness(rules: Mapping[str, EventRule], hop_s: float, apart: bool) -> Lateness:
    """Of the slowest of the rules; `apart`: some actions exclude each other, and one may have waited for the end of
    another."""
    some = rules.values()
    waits_s = max(rule.release_s for rule in some) if apart else 0.0
    if apart and any(math.isfinite(rule.max_s) for rule in some):
        waits_s += hop_s  # only then the place is free
    return Lateness(
        start_s=hop_s + max(_start_s(rule, waits_s) for rule in some),
        end_s=hop_s + max(_end_s(rule, waits_s, max(one.release_s for one in some)) for rule in some),
        rise_s=max(_smoothing_s(rule, 1 - rule.on) for rule in some),
        fall_s=max(_smoothing_s(rule, rule.off) for rule in some),
    )


def decoded_lateness(rules: Mapping[str, EventRule], decoding: Decoding) -> Lateness:
    """As `lateness`, where actions are decoded; there is no smoothing."""
    late_s, some = decoding.lag_s + 2 * decoding.tick_s, rules.values()
    lasts_s = max(rule.min_s + rule.merge_s if rule.min_s > 0 else 0.0 for rule in some)
    return Lateness(late_s + lasts_s, late_s + max(rule.merge_s for rule in some), 0.0, 0.0)


def _start_s(rule: EventRule, waits_s: float) -> float:
    """What has not lasted long enough may dip once more before it goes on."""
    lasts_s = rule.min_s + max(rule.release_s, _gap_s(rule, waits_s)) if rule.min_s > 0 else 0.0
    return max(rule.dwell_s, waits_s, lasts_s)


def _end_s(rule: EventRule, waits_s: float, release_s: float) -> float:
    """What is too long may be so before its start is decided."""
    return max(rule.release_s, _gap_s(rule, release_s), _start_s(rule, waits_s) - rule.max_s)


def _gap_s(rule: EventRule, waits_s: float) -> float:
    """What begins within the gap is decided late too."""
    return rule.merge_s + max(rule.dwell_s, waits_s) if rule.merge_s > 0 else 0.0


def _smoothing_s(rule: EventRule, left: float) -> float:
    """Until only so much of a jump is left."""
    return 0.0 if rule.smooth_s <= 0 else rule.smooth_s * -math.log(left) if left > 0 else math.inf
