"""Scores to events. Predictions come every half second unless said; `rule` smooths nothing unless said."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

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


def test_what_is_shorter_than_the_minimum_is_never_told() -> None:
    assert run([0.9, 0.9, 0.1, 0.1, 0.9], replace(SHARP, min_s=1.5)) == []


def test_a_start_waits_until_the_action_has_lasted_and_is_back_dated() -> None:
    started, ended = run([0.9, 0.9, 0.9, 0.9, 0.1], replace(SHARP, min_s=1.5))

    assert (started.at, started.decided_at) == (1000.0, 1001.5)
    assert ended.duration_s == 2.0


def test_what_has_not_lasted_long_enough_may_waver_between_the_thresholds() -> None:
    assert brief(run([0.9, 0.5, 0.5], replace(SHARP, min_s=1.0))) == [("tighten", "started", 0.0)]


def test_what_is_not_told_yet_leaves_nothing_when_the_epoch_ends() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": replace(SHARP, min_s=5.0)})
    segmenter.observe(prediction(0, 0.9))

    assert segmenter.close(Reason.SOURCE_LOST) == []


def test_the_same_action_again_within_the_gap_goes_on() -> None:
    events = run([0.9, 0.1, 0.1, 0.9, 0.1, 0.1, 0.1, 0.1], replace(SHARP, merge_s=1.0))

    assert brief(events) == [("tighten", "started", 0.0), ("tighten", "ended", 2.0)]
    assert events[1].decided_at == 1003.0


def test_after_the_gap_it_is_another() -> None:
    events = run([0.9, 0.1, 0.1, 0.1, 0.9], replace(SHARP, merge_s=1.0))

    assert [phase for _, phase, _ in brief(events)] == ["started", "ended", "started"]
    assert len({event.action_id for event in events}) == 2


def test_short_ones_that_follow_each_other_closely_last_long_enough_together() -> None:
    rule = replace(SHARP, merge_s=1.0, min_s=1.2)

    assert brief(run([0.9, 0.1, 0.9, 0.9], rule)) == [("tighten", "started", 0.0)]


def test_what_rises_within_the_gap_goes_on_although_it_dwells() -> None:
    rule = replace(SHARP, merge_s=1.0, dwell_s=1.0)

    assert len(run([0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.9, 0.9, 0.9], rule)) == 1


def test_what_is_over_is_told_so_when_its_epoch_ends_within_the_gap() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": replace(SHARP, merge_s=5.0)})
    for n, score in enumerate((0.9, 0.1, 0.1)):
        segmenter.observe(prediction(n, score))
    (ended,) = segmenter.close(Reason.SOURCE_LOST)

    assert (ended.at, ended.reason) == (1001.0, Reason.COMPLETED)


def test_another_that_is_told_ends_the_wait_and_one_that_is_too_short_does_not() -> None:
    rule = replace(SHARP, merge_s=2.0, min_s=1.0)
    high, other, idle = (0.9, 0.0), (0.0, 0.9), (0.0, 0.0)

    told = run_both([high, high, high, other, other, other], rule)
    assert brief(told) == [("tighten", "started", 0), ("tighten", "ended", 1.5), ("loosen", "started", 1.5)]
    untold = run_both([high, high, high, other, high, idle, idle, idle, idle, idle], rule)
    assert brief(untold) == [("tighten", "started", 0), ("tighten", "ended", 2.5)]


def test_what_was_untold_between_two_parts_of_another_does_not_come_back() -> None:
    """Else it would overlap what goes on."""
    rule = replace(SHARP, merge_s=2.0, min_s=2.0)
    high, other = (0.9, 0.0), (0.0, 0.9)

    assert brief(run_both([high, other, high, *[other] * 5], rule)) == [("loosen", "started", 1.5)]


def test_what_lasts_too_long_is_ended_and_must_fall_before_it_begins_again() -> None:
    events = run([0.9] * 10 + [0.1, 0.9], replace(SHARP, max_s=2.0))

    assert brief(events) == [("tighten", "started", 0), ("tighten", "ended", 2.0), ("tighten", "started", 5.5)]
    assert events[1].reason is Reason.TOO_LONG
    assert events[1].duration_s == 2.0


def test_what_lasts_too_long_makes_room_for_another() -> None:
    low = replace(SHARP, on=0.5, off=0.1, margin=1.0, max_s=1.0)

    assert brief(run_both([(0.5, 0.5), *[(0.4, 0.6)] * 3], low))[:3] == [
        ("tighten", "started", 0.0), ("tighten", "ended", 1.0), ("loosen", "started", 1.0),
    ]  # fmt: skip


def test_the_cooldown_counts_from_an_end_that_was_told() -> None:
    """What was never told does not hold off what comes next."""
    rule = replace(SHARP, cooldown_s=5.0, min_s=1.0)

    assert brief(run([0.9, 0.1, 0.9, 0.9, 0.9], rule)) == [("tighten", "started", 1.0)]


def test_where_several_actions_can_go_on_only_one_of_a_group_does() -> None:
    groups = [frozenset({"tighten", "loosen"})]
    segmenter = Segmenter(LABELS, "idle", {"default": replace(SHARP, margin=0.2)}, exclusive=groups)
    looks = [(0.7, 0.1), (0.7, 0.8), (0.7, 0.95)]
    events = [
        event
        for n, both in enumerate(looks)
        for event in segmenter.observe(replace(prediction(n, *both), exclusive=False))
    ]

    assert brief(events) == [("tighten", "started", 0), ("tighten", "ended", 2), ("loosen", "started", 2)]


def test_what_is_held_of_an_action_that_another_network_does_not_know_was_completed() -> None:
    segmenter = Segmenter(LABELS, "idle", {"default": replace(SHARP, merge_s=5.0)})
    for n, score in enumerate((0.9, 0.1)):
        segmenter.observe(prediction(n, score))
    (ended,) = segmenter.relabel(("idle", "loosen"), "idle", {"default": SHARP})

    assert (ended.at, ended.reason) == (1001.0, Reason.COMPLETED)
