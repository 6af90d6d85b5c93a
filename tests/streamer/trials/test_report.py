"""Figures of events, by hand."""

from __future__ import annotations

import pytest

from recognizers.metrics.events import Happening
from streamer.trials.report import event_figures, false_alarms, segment_figures
from tests.streamer.trials.scenes import SHARP, looked_at, watch

RULES = {"default": SHARP}
DONE = (Happening("pick", 0.4, 2.0), Happening("place", 2.0, 3.2))
SHOWN = looked_at([0.0, 0.9, 0.9, 0.9, 0.0, 0.0, 0.0, 0.8], [0.0, 0.0, 0.0, 0.0, 0.9, 0.9, 0.9, 0.0], happened=DONE)
"""pick from 0.5 s, place from 2.0 s, pick again from 3.5 s, which nobody did."""


def test_events_are_judged_one_to_one_with_their_delays() -> None:
    figures = event_figures([SHOWN], watch(), RULES)

    assert (figures["recordings"], figures["happenings"]) == (1, 2)
    assert (figures["event_recall"], figures["event_precision"]) == (1.0, 0.6667)
    assert figures["events"]["0.5"] == {"precision": 0.6667, "recall": 1.0, "f1": 0.8}
    assert figures["delay_p50_s"] == pytest.approx((0.1 + 0.0) / 2)
    assert figures["start_error_p50_s"] == pytest.approx(0.05)


def test_where_nothing_was_found_there_are_no_delays() -> None:
    figures = event_figures([looked_at([0.0] * 4, happened=DONE)], watch(), RULES)
    assert (figures["event_recall"], figures["event_precision"], figures["delay_p50_s"]) == (0.0, None, None)


def test_false_alarms_are_counted_by_the_hour_and_by_action() -> None:
    figures = false_alarms([looked_at([0.0, 0.9, 0.0, 0.9], hours=0.5)], watch(), RULES)

    assert (figures["false_alarms"], figures["false_alarms_per_hour"], figures["negative_hours"]) == (2, 4.0, 0.5)
    assert figures["false_alarms_per_hour_at_most"] == pytest.approx(2 * 6.296, abs=2e-3)
    assert figures["false_alarms_by_action"] == {"pick": 2}


def test_segments_are_those_of_the_best_label_at_each_hop() -> None:
    """A clip's answer is about the middle of its newer half, a quarter of a second before its end."""
    figures = segment_figures([SHOWN], watch())

    # said:  idle pick pick pick place place place pick
    # true:  idle idle pick pick pick  place place idle  (0.25 s before each end)
    assert figures["moment_accuracy"] == pytest.approx(5 / 8)
    # pick 2 of 4 moments, place 2 of 3, and a pick that is wrong
    assert (figures["f1_10"], figures["f1_50"]) == (0.8, 0.8)
    assert figures["edit"] == pytest.approx(1 - 1 / 3, abs=1e-4)
