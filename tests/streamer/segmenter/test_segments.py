"""Scores to events. Predictions come every half second unless said; `rule` smooths nothing unless said."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recognizers.prediction import Prediction
from streamer.event import ActionEvent, Phase, Reason
from streamer.segmenter import EventRule, Segmenter

LABELS = ("idle", "tighten", "loosen")
SHARP = EventRule(on=0.6, off=0.4, release_s=0.0, smooth_s=0.0)


def prediction(media_s: float, tighten: float, loosen: float = 0.0) -> Prediction:
    scores = np.array([1 - tighten - loosen, tighten, loosen], np.float32)
    return Prediction("cam", "bench", 1, 0, media_s - 2, media_s, 1000 + media_s, 1000, scores)


def run(scores: list[float], rule: EventRule = SHARP, step_s: float = 0.5) -> list[ActionEvent]:
    segmenter = Segmenter(LABELS, "idle", {"default": rule})
    return [event for n, score in enumerate(scores) for event in segmenter.observe(prediction(n * step_s, score))]


def run_both(scores: list[tuple[float, float]], rule: EventRule) -> list[ActionEvent]:
    segmenter = Segmenter(LABELS, "idle", {"default": rule})
    return [event for n, both in enumerate(scores) for event in segmenter.observe(prediction(n * 0.5, *both))]


def brief(events: list[ActionEvent]) -> list[tuple[str, str, float]]:
    return [(event.action, str(event.phase), round(event.at - 1000, 3)) for event in events]


def test_an_action_begins_at_on_and_is_over_below_off() -> None:
    assert brief(run([0.1, 0.7, 0.5, 0.3])) == [("tighten", "started", 0.5), ("tighten", "ended", 1.5)]


def test_the_background_never_becomes_an_event() -> None:
    assert run([0.0] * 10) == []


def test_start_and_end_share_the_id_and_each_message_has_its_own() -> None:
    started, ended = run([0.9, 0.1])

    assert started.action_id == ended.action_id
    assert started.event_id != ended.event_id


def test_a_start_waits_for_the_dwell_and_is_back_dated() -> None:
    (event,) = run([0.7, 0.7, 0.7], EventRule(dwell_s=1.0, smooth_s=0.0))

    assert (event.at, event.decided_at) == (1000.0, 1001.0)


def test_a_score_that_falls_back_during_the_dwell_starts_nothing() -> None:
    assert run([0.7, 0.5, 0.7, 0.5], EventRule(dwell_s=1.0, smooth_s=0.0)) == []


def test_a_dip_shorter_than_the_release_does_not_end_the_action() -> None:
    events = run([0.9, 0.1, 0.9, 0.1, 0.1, 0.1], EventRule(release_s=1.0, smooth_s=0.0))

    assert brief(events) == [("tighten", "started", 0.0), ("tighten", "ended", 1.5)]


def test_the_end_is_back_dated_and_the_duration_is_media_time() -> None:
    ended = run([0.9, 0.9, 0.1, 0.1, 0.1], EventRule(release_s=1.0, smooth_s=0.0))[-1]

    assert (ended.at, ended.duration_s, ended.decided_at) == (1001.0, 1.0, 1002.0)


def test_during_the_cooldown_the_same_action_cannot_begin_again() -> None:
    rule = EventRule(release_s=0.0, smooth_s=0.0, cooldown_s=1.2)

    assert brief(run([0.9, 0.1, 0.9, 0.9, 0.9], rule))[2:] == [("tighten", "started", 2.0)]


def test_smoothing_depends_on_time_and_not_on_how_often_one_looks() -> None:
    rule = EventRule(on=0.6, off=0.4, smooth_s=1.0)
    (often,) = run([0.0] + [1.0] * 40, rule, step_s=0.05)
    (seldom,) = run([0.0] + [1.0] * 20, rule, step_s=0.1)

    # 1 - exp(-t) reaches 0.6 at t = 0.916 s.
    assert 0.9 < often.at - 1000 <= 1.0
    assert 0.9 < seldom.at - 1000 <= 1.0


def test_when_an_action_begins_one_that_fades_ends_first() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": EventRule(release_s=5.0, smooth_s=0.0)})
    events = segmenter.observe(prediction(0, 0.9)) + segmenter.observe(prediction(1, 0.1, loosen=0.9))

    assert brief(events) == [("tighten", "started", 0), ("tighten", "ended", 1), ("loosen", "started", 1)]


def test_one_that_begins_takes_the_place_of_one_that_goes_on() -> None:
    low = replace(SHARP, on=0.5, off=0.1)

    assert brief(run_both([(0.9, 0.0), (0.3, 0.6)], low)) == [
        ("tighten", "started", 0),
        ("tighten", "ended", 0.5),
        ("loosen", "started", 0.5),
    ]


def test_one_that_is_not_surer_by_the_margin_waits_and_one_of_margin_1_waits_for_the_end() -> None:
    low = replace(SHARP, on=0.5, off=0.1, margin=0.4)

    assert [event.action for event in run_both([(0.9, 0.0), (0.3, 0.6), (0.2, 0.7)], low)][1:] == ["tighten", "loosen"]
    assert len(run_both([(0.9, 0.0), (0.3, 0.6), (0.3, 0.6)], low)) == 1
    assert brief(run_both([(0.9, 0.0), (0.11, 0.89), (0.09, 0.9)], replace(low, margin=1.0)))[1:] == [
        ("tighten", "ended", 1.0),
        ("loosen", "started", 1.0),
    ]


def test_of_two_that_begin_together_the_surer_one_does() -> None:
    low = replace(SHARP, on=0.3, off=0.1)

    assert brief(run_both([(0.4, 0.5)], low)) == [("loosen", "started", 0)]


def test_where_several_actions_can_go_on_one_that_fades_does_not_mind_another() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": EventRule(release_s=5.0, smooth_s=0.0)})
    events = segmenter.observe(replace(prediction(0, 0.9), exclusive=False))
    events += segmenter.observe(replace(prediction(1, 0.1, loosen=0.9), exclusive=False))

    assert brief(events) == [("tighten", "started", 0), ("loosen", "started", 1)]


def test_scores_that_are_not_numbers_say_nothing() -> None:
    assert brief(run([0.9, math.nan, 0.9])) == [("tighten", "started", 0)]


def test_what_is_open_when_the_epoch_ends_is_ended_with_the_reason() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": SHARP})
    segmenter.observe(prediction(3, 0.9))
    (ended,) = segmenter.close(Reason.SOURCE_LOST)

    assert (ended.phase, ended.reason, ended.at) == (Phase.ENDED, Reason.SOURCE_LOST, 1003)
    assert segmenter.close(Reason.SHUTDOWN) == []


def test_the_same_scores_give_the_same_ids() -> None:
    assert run([0.9, 0.1, 0.8]) == run([0.9, 0.1, 0.8])


rules = st.builds(
    EventRule,
    on=st.floats(0.3, 0.9),
    off=st.floats(0.1, 0.3),
    dwell_s=st.floats(0, 2),
    release_s=st.floats(0, 2),
    smooth_s=st.floats(0, 2),
    cooldown_s=st.floats(0, 3),
    margin=st.floats(0, 1),
)
trace = st.lists(st.tuples(st.floats(0.01, 5), st.floats(0, 1), st.floats(0, 1)), max_size=60)


@given(trace=trace, rule=rules)
def test_whatever_the_scores_one_action_goes_on_and_every_id_has_exactly_one_start_and_one_later_end(
    trace: list[tuple[float, float, float]], rule: EventRule
) -> None:
    segmenter, media_s, events = Segmenter(LABELS, "idle", {"default": rule}), 0.0, []
    for step, tighten, share in trace:
        media_s += step
        events += segmenter.observe(prediction(media_s, tighten, (1 - tighten) * share))
    events += segmenter.close(Reason.SHUTDOWN)

    phases = Counter((event.action_id, event.phase) for event in events)
    assert set(phases.values()) <= {1}
    assert {id_ for id_, phase in phases if phase is Phase.STARTED} == {id_ for id_, p in phases if p is Phase.ENDED}
    begun: dict[object, float] = {}
    open_actions: set[str] = set()
    free_since = 0.0
    for event in events:
        if event.phase is Phase.STARTED:
            assert not open_actions
            assert event.at >= free_since
            open_actions.add(event.action)
            begun[event.action_id] = event.at
        else:
            open_actions.remove(event.action)
            free_since = event.at
            assert event.at >= begun[event.action_id]
            assert event.duration_s is not None
            assert event.duration_s >= 0
        assert 0 <= event.score <= 1 + 1e-6
