"""What goes on, by thresholds: smoothing in time, two levels, dwell and release. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from recognizers.prediction import Prediction
from streamer.segmenter.changes import Begun, Change, Over
from streamer.segmenter.rules import EventRule


@dataclass(slots=True)
class _Track:
    """One action of the watch, as it stands after the last prediction."""

    smoothed: float = 0.0
    above_since: float | None = None
    """Media seconds since which the score has been at or above `on`, while the action does not go on."""
    quiet: tuple[float, float] = (-math.inf, -math.inf)
    """Media seconds between which it does not begin."""
    goes_on: bool = False
    below_since: float | None = None
    """Media seconds since which the score has been below `off`, while it goes on."""
    total: float = 0.0
    """Sum of the raw scores since it began to go on, and their number."""
    count: int = 0
    stuck: bool = False
    """It was said to be over although it is not below `off`."""

    def is_quiet(self, start: float) -> bool:
        after, until = self.quiet
        return after < start < until


class Hysteresis:
    """Of one watch in one epoch.

    Smoothing is `s += (1 - exp(-dt / smooth_s)) * (p - s)` with dt from media time, so that shed clips and a
    changed hop do not change behaviour. Where only one of some actions can go on, one that begins takes the place of
    the other; otherwise they know nothing of each other.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        background: str,
        rules: Mapping[str, EventRule],
        exclusive: Collection[frozenset[str]] = (),
    ) -> None:
        """`rules` of each action; `exclusive`: of each group of them only one can go on, where a prediction does not
        say that of all."""
        self._rules, self._exclusive = rules, exclusive
        self._places = _places(labels, background)
        self._tracks = {label: _Track() for label in self._places}
        self._last: float | None = None
        self._ended: dict[str, float] = {}
        """Media seconds of each action's latest end."""

    def observe(self, prediction: Prediction) -> Iterator[list[Change]]:
        """Take the next prediction, of numbers and later than the one before; what ended and began by it."""
        now = prediction.end
        elapsed_s = math.inf if self._last is None else now - self._last
        self._last = now
        over: list[str] = []
        begun: list[str] = []
        for action, place in self._places.items():
            track, rule = self._tracks[action], self._rules[action]
            score = float(prediction.scores[place])
            _smooth(track, score, elapsed_s, rule.smooth_s)
            track.total, track.count = (track.total + score, track.count + 1) if track.goes_on else (score, 1)
            if not track.goes_on:
                if _begins(track, now, rule):
                    begun.append(action)
            elif _is_over(track, now, rule):
                over.append(action)
        changes: list[Change] = [self._over(action, now) for action in over]
        starts = {action: self._start(action, now, prediction.exclusive) for action in begun}
        for action, start in starts.items():
            if self._tracks[action].is_quiet(start):
                self._tracks[action].above_since = None
                begun.remove(action)
        begun, instead_of = self._chosen(begun, prediction.exclusive) if begun else ([], [])
        changes += [self._over(action, now) for action in instead_of]
        yield changes + [self._begun(action, starts[action]) for action in begun]

    @property
    def known_until(self) -> float:
        """All that was said is decided, but for what is rising."""
        return -math.inf if self._last is None else self._last

    def lasted_until(self, action: str) -> float:
        """Media seconds up to which an action that goes on is known to have done so."""
        below_since = self._tracks[action].below_since
        assert self._last is not None
        return self._last if below_since is None else below_since

    def scored(self, action: str) -> tuple[float, int]:
        """The sum of the raw scores since it began to go on, and their number."""
        track = self._tracks[action]
        return track.total, track.count

    def rising_since(self, action: str) -> float | None:
        """Media seconds since which an action that does not go on may turn out to do so."""
        return self._tracks[action].above_since

    def hold_off(self, action: str, after: float, until: float) -> None:
        """It cannot begin between these moments."""
        track = self._tracks[action]
        track.quiet = (after, until)
        if track.above_since is not None and track.is_quiet(track.above_since):
            track.above_since = None

    def give_up(self, action: str, at: float) -> None:
        """What goes on was over at that moment; it cannot begin again before its score was below `off`."""
        track = self._tracks[action]
        track.goes_on, track.below_since, track.stuck = False, None, True
        self._ended[action] = at

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> None:
        """Go on with the labels of another network, and its rules."""
        self._rules, self._places = rules, _places(labels, background)
        for action, track in self._tracks.items():
            if track.goes_on and action not in self._places:
                self._ended[action] = self.lasted_until(action)
        self._tracks = {label: self._tracks.get(label, _Track()) for label in self._places}

    def close(self) -> Iterator[list[Change]]:
        """Nothing is undecided."""
        yield from ()

    def _start(self, action: str, now: float, exclusive: bool) -> float:
        """Of one that begins now. It may have been above `on` while it waited for another's end."""
        track = self._tracks[action]
        start = now if track.above_since is None else track.above_since
        rivals = rivals_of(action, self._places.keys() | self._ended.keys(), self._exclusive, exclusive)
        going_on = [other for other in rivals if other in self._tracks and self._tracks[other].goes_on]
        ends = [self._end(other, now) for other in going_on] + [self._ended.get(other, start) for other in rivals]
        return max([start, *ends])

    def _end(self, action: str, now: float) -> float:
        below_since = self._tracks[action].below_since
        return now if below_since is None else below_since

    def _chosen(self, begun: list[str], exclusive: bool) -> tuple[list[str], list[str]]:
        """What may begin, and in whose place."""
        left = [action for action, track in self._tracks.items() if track.goes_on]
        begins, gives_way = set[str](), set[str]()
        for action in begun:
            rivals = rivals_of(action, self._places, self._exclusive, exclusive)
            group = [other for other in begun if other == action or other in rivals]
            going_on = [other for other in left if other in rivals]
            best = max(group, key=lambda one: self._tracks[one].smoothed)
            ahead = self._tracks[best].smoothed - max((self._tracks[one].smoothed for one in going_on), default=-1.0)
            if ahead >= self._rules[best].margin:
                begins.add(best)
                gives_way.update(going_on)
        return [one for one in begun if one in begins], [one for one in left if one in gives_way]

    def _begun(self, action: str, start: float) -> Begun:
        track = self._tracks[action]
        track.goes_on, track.above_since, track.below_since = True, None, None
        return Begun(action, start, track.smoothed)

    def _over(self, action: str, now: float) -> Over:
        track, end = self._tracks[action], self._end(action, now)
        track.goes_on, track.below_since = False, None
        self._ended[action] = max(self._ended.get(action, -math.inf), end)
        return Over(action, end, track.total, track.count)


def _places(labels: tuple[str, ...], background: str) -> dict[str, int]:
    """Of each action among the scores."""
    return {label: place for place, label in enumerate(labels) if label != background}


def rivals_of(
    action: str, actions: Collection[str], groups: Collection[frozenset[str]], exclusive: bool
) -> frozenset[str]:
    """Which others cannot go on beside it."""
    if exclusive:
        return frozenset(actions) - {action}
    return frozenset[str]().union(*(group for group in groups if action in group)) - {action}


def _smooth(track: _Track, score: float, elapsed_s: float, smooth_s: float) -> None:
    share = 1.0 if smooth_s <= 0 else -math.expm1(-elapsed_s / smooth_s)
    track.smoothed += share * (score - track.smoothed)


def _begins(track: _Track, now: float, rule: EventRule) -> bool:
    track.stuck = track.stuck and track.smoothed >= rule.off
    if track.smoothed < rule.on or track.stuck or (track.above_since is None and track.is_quiet(now)):
        track.above_since = None
        return False
    if track.above_since is None:
        track.above_since = now
    return now - track.above_since >= rule.dwell_s


def _is_over(track: _Track, now: float, rule: EventRule) -> bool:
    if track.smoothed >= rule.off:
        track.below_since = None
        return False
    if track.below_since is None:
        track.below_since = now
    return now - track.below_since >= rule.release_s
