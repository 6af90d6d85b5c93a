"""From what goes on to action events: exactly one start and one end of each segment. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason, action_id
from streamer.segmenter.changes import Begun, Change, Finder, Over
from streamer.segmenter.decoded import Decoded
from streamer.segmenter.hysteresis import Hysteresis, rivals_of
from streamer.segmenter.rules import Decoding, EventRule


@dataclass(slots=True)
class _Segment:
    """A segment of one action that has begun, and whose end is not told yet."""

    id: UUID
    start: float
    """Media seconds."""
    score: float
    """How sure it was to begin."""
    total: float = 0.0
    """Sum of the raw scores of the parts that are over, and their number."""
    count: int = 0
    over_at: float | None = None
    """Media seconds of its end, while the same action may still go on as the same segment."""
    started_at: float | None = None
    """Unix seconds, as published; None: the start is not told yet."""


class Segmenter:
    """The events of one watch in one epoch; make a new one for the next epoch.

    A `Finder` says when actions begin and are over. Here it is decided what is told of it: what is shorter than
    `min_s` is not, what goes on again within `merge_s` is one segment, what lasts for `max_s` is ended. Where only one
    of some actions can go on, another that is told ends the wait for what was before it.
    """

    def __init__(
        self,
        labels: tuple[str, ...],
        background: str,
        rules: Mapping[str, EventRule],
        actor: int | None = None,
        exclusive: Collection[frozenset[str]] = (),
        decoding: Decoding | None = None,
    ) -> None:
        """`rules` by action; the key `default` speaks for actions that are not named. `actor`: whose actions these are,
        where people are told apart. `exclusive`: groups of which only one action can go on at once; of a network that
        says one label at a time, all are one group. `decoding`: of such a network, actions are decoded instead of found
        by thresholds."""
        self._actor, self._exclusive = actor, exclusive
        self._places = {label: place for place, label in enumerate(labels) if label != background}
        self._rules = _rules_of(self._places, rules)
        self._finder: Finder = (
            Hysteresis(labels, background, self._rules, exclusive)
            if decoding is None
            else Decoded(labels, background, self._rules, decoding)
        )
        self._segments: dict[str, _Segment] = {}
        self._last: Prediction | None = None
        self._ended_at: dict[str, float] = {}
        """Unix seconds of each action's latest end, as published."""

    def observe(self, prediction: Prediction) -> list[ActionEvent]:
        """Take the next prediction; return what ended and began by it. Scores that are not numbers say nothing."""
        before = self._last
        if not prediction.is_finite or (before is not None and prediction.end <= before.end):
            return []
        self._last = prediction
        return [told for changes in self._finder.observe(prediction) for told in self._take(prediction, changes)]

    def close(self, reason: Reason) -> list[ActionEvent]:
        """End whatever is open: the epoch is over."""
        last = self._last
        if last is None:
            return []
        events = [told for changes in self._finder.close() for told in self._take(last, changes)]
        return events + [event for action in self._places for event in self._leave(last, action, reason)]

    def relabel(self, labels: tuple[str, ...], background: str, rules: Mapping[str, EventRule]) -> list[ActionEvent]:
        """Go on with the labels of another network, and its rules: actions that it knows too go on, what is open of
        others ends."""
        events: list[ActionEvent] = []
        if self._last is not None:
            events += [told for changes in self._finder.close() for told in self._take(self._last, changes)]
            for action in [action for action in self._segments if action == background or action not in labels]:
                events += self._leave(self._last, action, Reason.MODEL_CHANGED)
        self._places = {label: place for place, label in enumerate(labels) if label != background}
        self._rules = _rules_of(self._places, rules)
        self._finder.relabel(labels, background, self._rules)
        return events

    def _take(self, by: Prediction, changes: Collection[Change]) -> list[ActionEvent]:
        """What is told of what was found."""
        events: list[ActionEvent] = []
        for change in changes:
            if isinstance(change, Over):
                _part_over(self._segments[change.action], change)
            else:
                events += self._begin(by, change)
        begun = [action for action in self._places if action in self._segments]
        told = [action for action in begun if self._is_told(action)]
        for action in [*told, *(action for action in begun if action not in told)]:
            events += self._settle(by, action)
        return events

    def _is_told(self, action: str) -> bool:
        """Whether its start is, or what it was is complete: such ones come before those that begin now."""
        segment = self._segments[action]
        return segment.started_at is not None or segment.over_at is not None

    def _begin(self, by: Prediction, begun: Begun) -> list[ActionEvent]:
        """Go on with the segment before, or with a new one."""
        before = self._segments.get(begun.action)
        events: list[ActionEvent] = []
        if before is not None and before.over_at is not None:
            if begun.start <= self._goes_on_until(begun.action):
                before.over_at = None
                self._forget_rivals(by, begun.action)
                return []
            events = self._leave(by, begun.action, Reason.COMPLETED)
        self._segments[begun.action] = _Segment(
            id=action_id(by.stream, by.watch, by.epoch, begun.action, begun.start, self._actor),
            start=begun.start,
            score=begun.score,
        )
        return events

    def _settle(self, by: Prediction, action: str) -> list[ActionEvent]:
        """Tell what is certain now of an action that has begun."""
        segment = self._segments.get(action)
        if segment is None:  # another took its place
            return []
        rule, events = self._rules[action], list[ActionEvent]()
        until = self._finder.lasted_until(action) if segment.over_at is None else segment.over_at
        if segment.started_at is None and until - segment.start >= rule.min_s:
            events += self._tell(by, action, segment)
        if segment.started_at is not None and until - segment.start >= rule.max_s:
            if segment.over_at is None:
                _part_over(segment, Over(action, until, *self._finder.scored(action)))
                self._finder.give_up(action, segment.start + rule.max_s)
            segment.over_at = segment.start + rule.max_s
            events += self._leave(by, action, Reason.TOO_LONG)
        elif segment.over_at is not None and self._is_final(action, segment.over_at):
            events += self._leave(by, action, Reason.COMPLETED)
        elif segment.over_at is not None and segment.started_at is not None:
            self._finder.hold_off(action, self._goes_on_until(action), segment.over_at + rule.cooldown_s)
        return events

    def _is_final(self, action: str, over_at: float) -> bool:
        """Whether what is over can go on no more. It may be rising again within the gap, and that is decided late."""
        rule, rising = self._rules[action], self._finder.rising_since(action)
        waits_s = self._undecided_s(rule) if rising is not None and rising <= self._goes_on_until(action) else 0.0
        return self._finder.known_until - over_at >= rule.merge_s + waits_s

    def _goes_on_until(self, action: str) -> float:
        """Media seconds at which the same action must begin again to go on as the same segment."""
        segment, rule = self._segments[action], self._rules[action]
        assert segment.over_at is not None
        return min(segment.over_at + rule.merge_s, segment.start + rule.max_s)

    def _undecided_s(self, rule: EventRule) -> float:
        """It dwells, and may wait for the release of another."""
        return max(rule.dwell_s, *(other.release_s for other in self._rules.values())) if rule.merge_s > 0 else 0.0

    def _tell(self, by: Prediction, action: str, segment: _Segment) -> list[ActionEvent]:
        """Its start, after the end of what it follows."""
        rivals = self._rivals_over(by, action)
        events = [event for other in rivals for event in self._leave(by, other, Reason.COMPLETED)]
        # Wall time may have been slewed since the end of another was published: no start is before it.
        before = (self._ended_at.get(other, -math.inf) for other in (action, *self._rivals(by, action)))
        segment.started_at = max(by.zero_at + segment.start, *before)
        return [*events, self._event(by, action, segment, Phase.STARTED)]

    def _forget_rivals(self, by: Prediction, action: str) -> None:
        """What was untold between two parts of it was nothing."""
        for other in self._rivals_over(by, action):
            if self._segments[other].started_at is None:
                del self._segments[other]

    def _rivals_over(self, by: Prediction, action: str) -> list[str]:
        """What may not go on beside it, was over, and could have gone on."""
        rivals, some = self._rivals(by, action), self._segments
        return [one for one in self._places if one in rivals and one in some and some[one].over_at is not None]

    def _rivals(self, by: Prediction, action: str) -> frozenset[str]:
        return rivals_of(action, self._places, self._exclusive, by.exclusive)

    def _leave(self, by: Prediction, action: str, reason: Reason) -> list[ActionEvent]:
        """The segment is done with: its end, where its start was told. What was over before was completed."""
        segment = self._segments.get(action)
        if segment is None or segment.started_at is None:
            self._segments.pop(action, None)
            return []
        told = reason if segment.over_at is None or reason is Reason.TOO_LONG else Reason.COMPLETED
        if segment.over_at is None:
            _part_over(segment, Over(action, self._finder.lasted_until(action), *self._finder.scored(action)))
        assert segment.over_at is not None
        end = segment.over_at
        del self._segments[action]
        self._finder.hold_off(action, -math.inf, end + self._rules[action].cooldown_s)
        # Wall time may have been slewed since the start was published: an end is never before it.
        at = self._ended_at[action] = max(segment.started_at, by.zero_at + end)
        ended = self._event(by, action, segment, Phase.ENDED)
        return [
            replace(
                ended, at=at, duration_s=end - segment.start, score=segment.total / max(segment.count, 1), reason=told
            )
        ]

    def _event(self, by: Prediction, action: str, segment: _Segment, phase: Phase) -> ActionEvent:
        assert segment.started_at is not None
        return ActionEvent(
            action_id=segment.id,
            stream=by.stream,
            watch=by.watch,
            epoch=by.epoch,
            action=action,
            phase=phase,
            at=segment.started_at,
            started_at=segment.started_at,
            decided_at=by.captured_at,
            duration_s=None,
            score=segment.score,
        )


def _part_over(segment: _Segment, over: Over) -> None:
    """It may go on yet, as the same segment."""
    segment.total, segment.count, segment.over_at = segment.total + over.total, segment.count + over.count, over.end


def _rules_of(actions: Collection[str], rules: Mapping[str, EventRule]) -> dict[str, EventRule]:
    default = rules.get("default", EventRule())
    return {action: rules.get(action, default) for action in actions}
