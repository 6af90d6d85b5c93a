"""Names and units by convention; every series of a stream is there from the beginning."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry

from streamer.metrics import Metrics


def test_every_name_has_the_prefix_a_unit_and_total_on_counters_only() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    ours = [family for family in registry.collect() if not family.name.startswith(("process_", "python_"))]

    assert len(ours) > 20
    for family in ours:
        assert re.fullmatch(r"takt_[a-z_]+", family.name), family.name
        assert not family.name.endswith(("_total", "_count", "_sum", "_ms", "_percent")), family.name
        assert family.documentation


def test_a_stream_that_was_added_has_its_series_at_zero() -> None:
    registry = CollectorRegistry()
    Metrics(registry).stream_added("cell-4", ["bench", "door"])

    for name in ("takt_frames_decoded_total", "takt_clips_cut_total", "takt_clips_recognized_total"):
        assert registry.get_sample_value(name, {"stream": "cell-4"}) == 0
    for reason in ("coverage", "newer", "epoch", "overload", "paused"):
        labels = {"stream": "cell-4", "reason": reason}
        assert registry.get_sample_value("takt_clips_shed_total", labels) == 0
    for watch in ("bench", "door"):
        labels = {"stream": "cell-4", "watch": watch}
        assert registry.get_sample_value("takt_scores_not_finite_total", labels) == 0
    assert registry.get_sample_value("takt_stream_state", {"stream": "cell-4", "state": "connecting"}) == 1


def test_a_stream_is_in_one_state() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.stream_added("cell-4", [])
    metrics.stream_changed("cell-4", "live")
    states = {
        state: registry.get_sample_value("takt_stream_state", {"stream": "cell-4", "state": state})
        for state in ("connecting", "live", "backoff", "rejected", "ended")
    }

    assert states == {"connecting": 0, "live": 1, "backoff": 0, "rejected": 0, "ended": 0}


def test_the_exposition_is_what_prometheus_reads() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.decoded("cell-4", 25, 0.5, 0.1)

    assert b'takt_frames_decoded_total{stream="cell-4"} 25.0' in metrics.exposition()


def test_the_clock_of_a_stream_is_the_one_last_told() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.connected("cell-4", "rtcp")

    assert (metrics.clock_of("cell-4"), metrics.clock_of("cell-5")) == ("rtcp", "arrival")
