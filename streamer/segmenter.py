"""From scores to action events: time-based smoothing, hysteresis, exactly one start and one end. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason, action_id


@dataclass(frozen=True, slots=True)
class EventRule:
    """When an action counts as begun and as over. All times are media seconds."""

    on: float = 0.6
    """The smoothed score at which the action begins."""
    off: float = 0.4
    """The smoothed score below which it is over; lower than `on`, so that a score in between does not flicker."""
    dwell_s: float = 0.0
    """How long the score must stay at or above `on` before the start is published (back-dated)."""
    release_s: float = 0.5
    """How long the score must stay below `off` before the end is published (back-dated)."""
    smooth_s: float = 0.5
    """Time constant of the exponential smoothing; 0 takes the scores as they are."""
    cooldown_s: float = 0.0
    """How long after an end the same action cannot begin again."""
    margin: float = 0.0
    """How much surer than the action that goes on this one must be to take its place, where only one can go on; at 1 it
    waits for the other's end."""


@dataclass(slots=True)
class _Segment:
    """An open segment of one action."""

    id: UUID
    start: float
    """Media seconds."""
    started_at: float
    """Unix seconds, as published."""
    total: float
    """Sum of the raw scores seen in the segment."""
    count: int = 1
    below_since: float | None = None
    """Media seconds since which the score has been below `off`."""


@dataclass(slots=True)
class _Track:
    """One action of the watch, as it stands after the last prediction."""

    smoothed: float = 0.0
    above_since: float | None = None
    """Media seconds since which the score has been at or above `on`, while no segment is open."""
    quiet_until: float = -math.inf
    segment: _Segment | None = None


class Segmenter:
    """The events of one watch in one epoch; make a new one for the next epoch.

    Smoothing is `s += (1 - exp(-dt / smooth_s)) * (p - s)` with dt from media time, so that shed clips and a
    changed hop do not change behaviour. Where only one action can go on, one that begins takes the place of the other;
    where several can, they know nothing of each other.
    """

    def __init__(
        self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule], actor: int | None = None
    ) -> None:
        """`rules` by action; the key `default` speaks for actions that are not named. `actor`: whose actions these are,
        where people are told apart."""
        self._actor = actor
        self._rules = rules
        self._actions = self._actions_of(labels, background)
        self._tracks = {label: _Track() for label in self._actions}
        self._last: Prediction | None = None
        self._free_since = -math.inf
        """Media seconds of the latest end."""

    def observe(self, prediction: Prediction) -> list[ActionEvent]:
        """Take the next prediction; return what ended and began by it. Scores that are not numbers say nothing."""
        if not prediction.is_finite:
            return []
        before = self._last
        if before is not None and prediction.end <= before.end:
            return []
        elapsed_s = math.inf if before is None else prediction.end - before.end
        self._last = prediction
        over: list[str] = []
        begun: list[str] = []
        for action, (position, rule) in self._actions.items():
            track, score = self._tracks[action], float(prediction.scores[position])
            _smooth(track, score, elapsed_s, rule.smooth_s)
            if track.segment is None:
                if _begins(track, prediction.end, rule):
                    begun.append(action)
            elif _is_over(track, track.segment, score, prediction.end, rule):
                over.append(action)
        if begun and prediction.exclusive:
            going_on = [action for action, track in self._tracks.items() if track.segment and action not in over]
            begun = self._surest(begun, going_on)
            over += going_on if begun else []
        ended = [self._end(prediction, action, Reason.COMPLETED) for action in over]
        return ended + [self._start(prediction, action) for action in begun]

    def close(self, reason: Reason) -> list[ActionEvent]:
        """End whatever is open: the epoch is over."""
        last = self._last
        if last is None:
            return []
        return [self._end(last, action, reason) for action, track in self._tracks.items() if track.segment is not None]

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> list[ActionEvent]:
        """Go on with the labels of another network, and its rules: actions that it knows too go on, what is open of
        others ends."""
        self._rules = rules
        last, actions = self._last, self._actions_of(labels, background)
        unknown = [action for action, track in self._tracks.items() if track.segment and action not in actions]
        ended = [] if last is None else [self._end(last, action, Reason.MODEL_CHANGED) for action in unknown]
        self._actions = actions
        self._tracks = {label: self._tracks.get(label, _Track()) for label in actions}
        return ended

    def _actions_of(self, labels: tuple[str, ...], background: str) -> dict[str, tuple[int, EventRule]]:
        """By action: its place among the scores, and its rule."""
        default = self._rules.get("default", EventRule())
        return {
            label: (position, self._rules.get(label, default))
            for position, label in enumerate(labels)
            if label != background
        }

    def _surest(self, begun: list[str], going_on: list[str]) -> list[str]:
        """The one that begins where only one can go on; nothing, where it is not sure enough to take another's
        place."""
        best = max(begun, key=lambda action: self._tracks[action].smoothed)
        ahead = self._tracks[best].smoothed - max((self._tracks[other].smoothed for other in going_on), default=-1.0)
        return [best] if ahead >= self._actions[best][1].margin else []

    def _start(self, by: Prediction, action: str) -> ActionEvent:
        track = self._tracks[action]
        start = by.end if track.above_since is None else track.above_since
        if by.exclusive:  # it may have been above `on` while it waited for another's end
            start = max(start, self._free_since)
        position = self._actions[action][0]
        track.segment = _Segment(
            id=action_id(by.stream, by.watch, by.epoch, action, start, self._actor),
            start=start,
            started_at=by.zero_at + start,
            total=float(by.scores[position]),
        )
        track.above_since = None
        return _event(by, action, Phase.STARTED, track.segment, score=track.smoothed)

    def _end(self, by: Prediction, action: str, reason: Reason) -> ActionEvent:
        track = self._tracks[action]
        segment, track.segment = track.segment, None
        assert segment is not None
        end = by.end if segment.below_since is None else segment.below_since
        track.quiet_until = end + self._actions[action][1].cooldown_s
        self._free_since = max(self._free_since, end)
        score = segment.total / segment.count
        return _event(by, action, Phase.ENDED, segment, score=score, end=end, reason=reason)


def _smooth(track: _Track, score: float, elapsed_s: float, smooth_s: float) -> None:
    share = 1.0 if smooth_s <= 0 else -math.expm1(-elapsed_s / smooth_s)
    track.smoothed += share * (score - track.smoothed)


def _begins(track: _Track, now: float, rule: EventRule) -> bool:
    if track.smoothed < rule.on or now < track.quiet_until:
        track.above_since = None
        return False
    if track.above_since is None:
        track.above_since = now
    return now - track.above_since >= rule.dwell_s


def _is_over(track: _Track, segment: _Segment, score: float, now: float, rule: EventRule) -> bool:
    segment.total += score
    segment.count += 1
    if track.smoothed >= rule.off:
        segment.below_since = None
        return False
    if segment.below_since is None:
        segment.below_since = now
    return now - segment.below_since >= rule.release_s


def _event(
    by: Prediction,
    action: str,
    phase: Phase,
    segment: _Segment,
    *,
    score: float,
    end: float | None = None,
    reason: Reason | None = None,
) -> ActionEvent:
    # Wall time may have been slewed since the start was published: an end is never before it.
    at = segment.started_at if end is None else max(segment.started_at, by.zero_at + end)
    return ActionEvent(
        action_id=segment.id,
        stream=by.stream,
        watch=by.watch,
        epoch=by.epoch,
        action=action,
        phase=phase,
        at=at,
        started_at=segment.started_at,
        decided_at=by.captured_at,
        duration_s=None if end is None else end - segment.start,
        score=score,
        reason=reason,
    )
