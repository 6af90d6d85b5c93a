"""How often and how long, over the last minutes. Pure; memory does not grow with what happens.

All times are seconds on one clock that never steps (a monotonic one): a wall clock that is set moves no window.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

BUCKET_S = 5.0
"""Windows move on by so much; what lies within is exact."""
WINDOWS = {"1m": 60.0, "5m": 300.0, "15m": 900.0}
"""Seconds of each, by name: whole buckets, the newest of which is being filled."""
KEPT = round(max(WINDOWS.values()) / BUCKET_S)
MOST_OPEN = 1000
"""Actions that go on at a time; a watch that tells people apart has as many as people and labels."""
MOST_TIMES = 200
"""Cycle times kept for percentiles in a bucket, and verdicts that may still be revised."""


@dataclass(slots=True)
class _Bucket:
    began: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    dwell_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Of actions that have ended: how long they went on within the bucket."""
    took_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Of actions that ended in the bucket: from start to end, all together."""
    longest_s: dict[str, float] = field(default_factory=dict)
    cycles: Counter[str] = field(default_factory=Counter)
    """By how they ended."""
    timed: int = 0
    cycle_s: float = 0.0
    """Of the `timed` ones, all together."""
    cycle_times: list[float] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Dwell:
    """One action within a window."""

    began: int
    """How often it began."""
    ended: int
    total_s: float
    """How long it went on within the window, up to now; all people together where they are told apart."""
    mean_s: float | None
    """Of those that ended in the window, from start to end, however long before it they began."""
    max_s: float | None


@dataclass(frozen=True, slots=True)
class Cycles:
    """Units within a window."""

    ended: dict[str, int]
    """By how: completed, abandoned."""
    mean_s: float | None
    """Of the completed ones; so the others."""
    p50_s: float | None
    p95_s: float | None
    """Nearest rank."""


@dataclass(frozen=True, slots=True)
class Window:
    """What happened from `since` to now."""

    since: float
    actions: dict[str, Dwell]
    """Every action that has ever begun."""
    cycles: Cycles
    verdicts: dict[str, int]
    """On steps, by the newest revision, where the step was told first."""


class Tally:
    """Counts of one watch, in buckets of `BUCKET_S`."""

    def __init__(self) -> None:
        self._buckets: dict[int, _Bucket] = {}
        self._known: dict[str, None] = {}
        self._open: dict[Hashable, tuple[str, float]] = {}
        self._told: dict[Hashable, tuple[int, str]] = {}
        """Verdicts by what they are on: where each is counted, and as what."""
        self._now = 0.0

    def began(self, key: Hashable, action: str, at: float, now: float) -> None:
        """An action began (at most as long ago as windows go back); `key` names it."""
        self._known[action] = None
        bucket = self._bucket(at, now)
        if bucket is not None:
            bucket.began[action] += 1
        self._open[key] = action, at
        while len(self._open) > MOST_OPEN:
            del self._open[next(iter(self._open))]

    def ended(self, key: Hashable, at: float, now: float) -> None:
        """It is over; what never began says nothing."""
        if key not in self._open:
            return
        action, began = self._open.pop(key)
        at = max(began, at)
        bucket = self._bucket(at, now)
        if bucket is not None:
            bucket.ended[action] += 1
            bucket.took_s[action] += at - began
            bucket.longest_s[action] = max(at - began, bucket.longest_s.get(action, 0.0))
        for number in range(max(_number(began), _number(now) - KEPT + 1), _number(at) + 1):
            shared = min(at, (number + 1) * BUCKET_S) - max(began, number * BUCKET_S)
            self._buckets.setdefault(number, _Bucket()).dwell_s[action] += max(0.0, shared)

    def cycle(self, how: str, took_s: float | None, at: float, now: float) -> None:
        """A unit is over; `took_s` counts where it was completed."""
        bucket = self._bucket(at, now)
        if bucket is None:
            return
        bucket.cycles[how] += 1
        if how == "completed" and took_s is not None:
            bucket.timed += 1
            bucket.cycle_s += took_s
            if len(bucket.cycle_times) < MOST_TIMES:
                bucket.cycle_times.append(took_s)

    def verdict(self, key: Hashable, verdict: str, at: float, now: float) -> None:
        """A step was judged, or judged anew: then the judgement before does not count any more."""
        if key in self._told:
            number, before = self._told[key]
            if number in self._buckets:
                self._buckets[number].verdicts[before] -= 1
        else:
            number = _number(min(at, now))
        bucket = self._bucket(number * BUCKET_S, now)
        if bucket is not None:
            bucket.verdicts[verdict] += 1
        self._told[key] = number, verdict
        while len(self._told) > MOST_TIMES:
            del self._told[next(iter(self._told))]

    def window(self, length_s: float, now: float) -> Window:
        """The last seconds, whole buckets of them, of which the newest is as old as it is."""
        newest = _number(now)
        numbers = range(newest - round(length_s / BUCKET_S) + 1, newest + 1)
        since = numbers[0] * BUCKET_S
        buckets = [self._buckets[number] for number in numbers if number in self._buckets]
        going_on = defaultdict[str, float](float)
        for action, began in self._open.values():
            going_on[action] += max(0.0, now - max(began, since))
        actions = _dwells(self._known, buckets, going_on)
        return Window(since, actions, _cycles(buckets), dict(_sum(bucket.verdicts for bucket in buckets)))

    def _bucket(self, at: float, now: float) -> _Bucket | None:
        """Where something belongs; None: longer ago than any window goes back."""
        newest = _number(now)
        for number in [number for number in self._buckets if number <= newest - KEPT]:
            del self._buckets[number]
        number = min(_number(at), newest)
        return self._buckets.setdefault(number, _Bucket()) if number > newest - KEPT else None


def _number(at: float) -> int:
    return math.floor(at / BUCKET_S)


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in counters:
        total.update(one)
    return Counter({name: count for name, count in total.items() if count})


def _dwells(known: Iterable[str], buckets: list[_Bucket], going_on_s: Mapping[str, float]) -> dict[str, Dwell]:
    """Looks at what happened, not at what could have: a network may know hundreds of actions."""
    began, ended = _sum(bucket.began for bucket in buckets), _sum(bucket.ended for bucket in buckets)
    dwell_s, took_s = defaultdict(float, going_on_s), defaultdict[str, float](float)
    longest_s: dict[str, float] = {}
    for bucket in buckets:
        for action, seconds in bucket.dwell_s.items():
            dwell_s[action] += seconds
        for action, seconds in bucket.took_s.items():
            took_s[action] += seconds
        for action, seconds in bucket.longest_s.items():
            longest_s[action] = max(seconds, longest_s.get(action, 0.0))
    return {
        action: Dwell(
            began=began[action],
            ended=ended[action],
            total_s=dwell_s[action],
            mean_s=took_s[action] / ended[action] if ended[action] else None,
            max_s=longest_s.get(action),
        )
        for action in known
    }


def _cycles(buckets: list[_Bucket]) -> Cycles:
    ended = _sum(bucket.cycles for bucket in buckets)
    times = sorted(took_s for bucket in buckets for took_s in bucket.cycle_times)
    timed = sum(bucket.timed for bucket in buckets)
    mean = sum(bucket.cycle_s for bucket in buckets) / timed if timed else None
    return Cycles(dict(ended), mean, _rank(times, 0.5), _rank(times, 0.95))


def _rank(times: list[float], share: float) -> float | None:
    return times[math.ceil(share * len(times)) - 1] if times else None
