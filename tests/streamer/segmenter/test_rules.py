"""How late events are, as it is stated."""

from __future__ import annotations

import math

import pytest

from streamer.segmenter.rules import Decoding, EventRule, Lateness, decoded_lateness, lateness

PLAIN = EventRule(dwell_s=0.0, release_s=0.5, smooth_s=0.0)


def test_a_start_waits_for_dwell_or_minimum_and_an_end_for_release_or_gap() -> None:
    dwells = EventRule(dwell_s=1.0, release_s=0.5, smooth_s=0.0)
    lasts = EventRule(min_s=2.0, release_s=0.5, smooth_s=0.0)
    joins = EventRule(merge_s=3.0, dwell_s=1.0, release_s=0.5, smooth_s=0.0)

    assert lateness({"a": PLAIN}, 0.25, apart=False) == Lateness(0.25, 0.75, 0.0, 0.0)
    assert lateness({"a": dwells}, 0.25, apart=False) == Lateness(1.25, 0.75, 0.0, 0.0)
    assert lateness({"a": lasts}, 0.25, apart=False) == Lateness(2.75, 0.75, 0.0, 0.0)  # it may dip once
    assert lateness({"a": joins}, 0.25, apart=False) == Lateness(1.25, 4.25, 0.0, 0.0)


def test_where_actions_exclude_each_other_a_start_may_have_waited_for_an_end() -> None:
    slow = EventRule(release_s=4.0, smooth_s=0.0)

    assert lateness({"a": PLAIN, "b": slow}, 0.5, apart=True).start_s == 4.5
    assert lateness({"a": PLAIN, "b": slow}, 0.5, apart=False).start_s == 0.5


def test_smoothing_delays_a_jump_until_it_reaches_the_threshold() -> None:
    late = lateness({"a": EventRule(on=0.6, off=0.4, smooth_s=1.0)}, 0.5, apart=False)

    assert (late.rise_s, late.fall_s) == (pytest.approx(-math.log(0.4)), pytest.approx(-math.log(0.4)))


def test_a_smoothed_score_never_reaches_1() -> None:
    assert lateness({"a": EventRule(on=1.0, off=0.0, smooth_s=1.0)}, 0.5, apart=False).rise_s == math.inf


def test_what_is_decoded_waits_for_the_lag() -> None:
    plain, slow = EventRule(), EventRule(min_s=1.0, merge_s=2.0)

    assert decoded_lateness({"a": plain}, Decoding(0.25, lag_s=2.0)) == Lateness(2.5, 2.5, 0.0, 0.0)
    assert decoded_lateness({"a": plain, "b": slow}, Decoding(0.25, lag_s=2.0)) == Lateness(5.5, 4.5, 0.0, 0.0)
