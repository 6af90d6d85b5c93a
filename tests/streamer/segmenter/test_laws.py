"""What holds of events whatever the scores, the gaps between them, the rules and the networks."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.segmenter import Decoding, EventRule, Segmenter
from streamer.segmenter.rules import Lateness, decoded_lateness, lateness

LABELS = ("idle", "a", "b", "c", "d")
ACTIONS = LABELS[1:]
GROUPS = (frozenset({"a", "b"}), frozenset({"c", "d"}))
NEAR_S = 1e-6
CLOSED = Reason.SHUTDOWN

seconds = st.one_of(st.just(0.0), st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 2))
rules = st.builds(
    lambda max_s, **given: EventRule(max_s=math.inf if max_s is None else given["min_s"] + max_s, **given),
    on=st.one_of(st.just(0.5), st.floats(0.3, 0.9)),
    off=st.one_of(st.just(0.3), st.floats(0.1, 0.3)),
    dwell_s=st.one_of(st.just(0.0), seconds),
    release_s=st.one_of(st.just(0.0), seconds),
    smooth_s=st.one_of(st.just(0.0), seconds),
    min_s=seconds,
    merge_s=seconds,
    max_s=st.one_of(st.none(), st.none(), st.floats(0.1, 4)),
    cooldown_s=seconds,
    margin=st.one_of(st.just(0.0), st.floats(0, 1)),
)
share = st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1))
busy = st.tuples(
    st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3, 4]), st.floats(0.5, 1), st.tuples(*[st.floats(0, 0.3)] * 5)
).map(lambda said: tuple(said[1] if n == said[0] else low for n, low in enumerate(said[2])))
step = st.tuples(
    st.one_of(st.just(0.25), st.sampled_from([0.25, 0.5]), st.floats(0.01, 5), st.sampled_from([0.0, -1.0])),
    st.one_of(busy, busy, st.tuples(*[share] * 5), st.tuples(st.just(math.nan), *[share] * 4)),
    st.integers(1, 5),
)
"""Seconds since the one before (a clock may stand or go back), scores of the labels, and how often it is said again."""
traces = st.lists(step, max_size=30)
Groups = tuple[frozenset[str], ...]
Trace = list[tuple[float, tuple[float, ...], int]]


def predictions(trace: Trace, exclusive: bool) -> Iterator[Prediction]:
    at = 0.0
    said = [(elapsed_s, scores) for elapsed_s, scores, times in trace for _ in range(times)]
    for n, (elapsed_s, row) in enumerate(said):
        at += elapsed_s
        scores = np.array(row, np.float32)
        if exclusive:
            scores /= max(sum(row), 1e-9)
        yield Prediction("cam", "bench", 1, n, at - 2, at, 1000 + at, 1000, scores, exclusive)


def events_of(
    trace: Trace, by: dict[str, EventRule], exclusive: bool, groups: Groups = (), decoding: Decoding | None = None
) -> Told:
    segmenter = Segmenter(LABELS, "idle", by, exclusive=groups, decoding=decoding)
    told = Told()
    for prediction in predictions(trace, exclusive):
        if prediction.is_finite and (not told.looked or prediction.end > told.looked[-1]):
            told.looked.append(prediction.end)
        told.events += segmenter.observe(prediction)
    told.events += segmenter.close(CLOSED)
    return told


@dataclass
class Told:
    events: list[ActionEvent] = field(default_factory=list)
    looked: list[float] = field(default_factory=list)
    """When there was an answer, in media seconds."""

    @property
    def hop_s(self) -> float:
        return max((after - before for before, after in pairwise(self.looked)), default=0.0)

    def segments(self) -> list[tuple[ActionEvent, ActionEvent]]:
        """Starts with their ends, in the order in which they were told to start."""
        ends = {event.action_id: event for event in self.events if event.phase is Phase.ENDED}
        return [(event, ends[event.action_id]) for event in self.events if event.phase is Phase.STARTED]


def check_ids(events: Sequence[ActionEvent]) -> None:
    phases = Counter((event.action_id, event.phase) for event in events)
    assert set(phases.values()) <= {1}
    begun: dict[object, ActionEvent] = {}
    for event in events:
        if event.phase is Phase.STARTED:
            begun[event.action_id] = event
        else:
            start = begun.pop(event.action_id)
            assert event.action == start.action
            assert event.at >= event.started_at == start.at
            assert event.duration_s is not None
            assert event.duration_s >= 0
            assert event.reason is not None
        assert 0 <= event.score <= 1 + NEAR_S
        assert event.decided_at >= event.at - NEAR_S
    assert not begun


def check_apart(told: Told, group: Sequence[str]) -> None:
    """Of the group one at most goes on, and they are told in their order."""
    going_on: set[str] = set()
    free_since = -math.inf
    for event in told.events:
        if event.action in group and event.phase is Phase.STARTED:
            assert not going_on
            assert event.at >= free_since
            going_on.add(event.action)
        elif event.action in group:
            going_on.remove(event.action)
            free_since = event.at


def check_lengths(told: Told, by: dict[str, EventRule]) -> None:
    for _, end in told.segments():
        assert end.duration_s is not None
        assert by[end.action].min_s - NEAR_S <= end.duration_s <= by[end.action].max_s + NEAR_S


def check_gaps(told: Told, by: dict[str, EventRule], groups: Sequence[Sequence[str]]) -> None:
    """Between two segments of an action lie more than its gap and its cooldown; where the gap is shorter, another of
    its group was told between them, or both would have been too long."""
    own: dict[str, list[tuple[ActionEvent, ActionEvent]]] = defaultdict(list)
    for segment in told.segments():
        own[segment[0].action].append(segment)
    for action, some in own.items():
        others = {other for group in groups if action in group for other in group} - {action}
        for (start, end), (again, _) in pairwise(some):
            assert again.at >= end.at + by[action].cooldown_s - NEAR_S
            between = any(one.action in others and end.at <= one.at <= again.at for one, _ in told.segments())
            too_long = end.reason is Reason.TOO_LONG or again.at - start.at >= by[action].max_s - NEAR_S
            assert between or too_long or again.at - end.at > by[action].merge_s - NEAR_S


def check_lateness(told: Told, latest: Lateness) -> None:
    for start, end in told.segments():
        assert start.decided_at - start.at <= latest.start_s + NEAR_S
        if end.reason is not CLOSED:
            assert end.decided_at - end.at <= latest.end_s + NEAR_S


by_action = st.one_of(
    rules.map(lambda rule: dict.fromkeys(ACTIONS, rule)), st.fixed_dictionaries(dict.fromkeys(ACTIONS, rules))
)
often = settings(max_examples=300)


@often
@given(trace=traces, by=by_action)
def test_where_one_label_is_said_at_a_time_one_action_goes_on(trace: Trace, by: dict[str, EventRule]) -> None:
    told = events_of(trace, by, exclusive=True)

    check_ids(told.events)
    check_apart(told, ACTIONS)
    check_lengths(told, by)
    check_gaps(told, by, [ACTIONS])
    check_lateness(told, lateness(by, told.hop_s, apart=True))


@often
@given(trace=traces, by=by_action)
def test_where_several_are_said_groups_exclude_their_own_alone(trace: Trace, by: dict[str, EventRule]) -> None:
    told = events_of(trace, by, exclusive=False, groups=GROUPS)

    check_ids(told.events)
    for group in GROUPS:
        check_apart(told, sorted(group))
    check_lengths(told, by)
    check_gaps(told, by, [sorted(group) for group in GROUPS])
    check_lateness(told, lateness(by, told.hop_s, apart=True))


@often
@given(trace=traces, by=by_action)
def test_where_none_excludes_another_each_is_as_if_it_were_alone(trace: Trace, by: dict[str, EventRule]) -> None:
    told = events_of(trace, by, exclusive=False)

    check_ids(told.events)
    check_lengths(told, by)
    check_gaps(told, by, [])
    check_lateness(told, lateness(by, told.hop_s, apart=False))
    quiet = [(elapsed_s, (idle, a, 0.0, 0.0, 0.0), times) for elapsed_s, (idle, a, *_), times in trace]
    alone = events_of(quiet, by, exclusive=False)
    assert [event for event in told.events if event.action == "a"] == [
        event for event in alone.events if event.action == "a"
    ]


@given(trace=traces, by=by_action, exclusive=st.booleans())
def test_the_same_scores_give_the_same_events(trace: Trace, by: dict[str, EventRule], exclusive: bool) -> None:
    assert events_of(trace, by, exclusive).events == events_of(trace, by, exclusive).events


@given(trace=traces, by=by_action, slews=st.lists(st.floats(-0.02, 0.02), min_size=1, max_size=8))
def test_however_wall_time_is_slewed_no_end_is_before_its_start_nor_a_start_before_the_end_of_another(
    trace: Trace, by: dict[str, EventRule], slews: list[float]
) -> None:
    segmenter, told, zero_at = Segmenter(LABELS, "idle", by), Told(), 1000.0
    for n, prediction in enumerate(predictions(trace, exclusive=True)):
        zero_at += slews[n % len(slews)]
        told.events += segmenter.observe(replace(prediction, zero_at=zero_at, captured_at=zero_at + 300 * len(trace)))
    told.events += segmenter.close(CLOSED)

    check_ids(told.events)
    check_apart(told, ACTIONS)


@given(trace=traces, by=by_action)
def test_with_every_option_off_a_minimum_of_nothing_and_no_gap_are_the_same_as_none(
    trace: Trace, by: dict[str, EventRule]
) -> None:
    """What is told late is told of the same segments: a gap and a minimum only join and leave out."""
    plain = {
        action: replace(rule, min_s=0.0, merge_s=0.0, max_s=math.inf, cooldown_s=0.0) for action, rule in by.items()
    }
    joined = {action: replace(rule, merge_s=by[action].merge_s) for action, rule in plain.items()}
    starts = {event.at for event, _ in events_of(trace, plain, exclusive=False).segments()}
    ends = {event.at for _, event in events_of(trace, plain, exclusive=False).segments()}

    assert {event.at for event, _ in events_of(trace, joined, exclusive=False).segments()} <= starts
    assert {event.at for _, event in events_of(trace, joined, exclusive=False).segments()} <= ends


decodings = st.builds(
    Decoding,
    tick_s=st.just(0.5),
    lag_s=st.sampled_from([0.0, 0.5, 2.0]),
    typical_s=st.floats(0.5, 5),
    between_s=st.floats(0.5, 5),
    looks_per_s=st.floats(0.5, 8),
)


@settings(max_examples=40)
@given(trace=st.lists(step, max_size=12), by=by_action, decoding=decodings)
def test_where_actions_are_decoded_the_same_laws_hold(
    trace: Trace, by: dict[str, EventRule], decoding: Decoding
) -> None:
    told = events_of(trace, by, exclusive=True, decoding=decoding)

    check_ids(told.events)
    check_apart(told, ACTIONS)
    check_lengths(told, by)
    check_gaps(told, by, [ACTIONS])
    latest = decoded_lateness(by, decoding)
    gap_s = told.hop_s  # what was not seen is decided with what comes next
    check_lateness(told, Lateness(latest.start_s + gap_s, latest.end_s + gap_s, 0.0, 0.0))
    assert told.events == events_of(trace, by, exclusive=True, decoding=decoding).events
