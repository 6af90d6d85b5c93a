"""What a stream costs is what it asks, whether it was done or not."""

from __future__ import annotations

from collections import Counter

import pytest

from streamer.workers.meter import CountingMetrics, Sample, report


def sample(at_s: float, cpu_s: float, pictures: int, cut: int, looked: int, busy_s: float) -> Sample:
    """Of two streams, `a` with twice the pictures and clips of `b`."""
    return Sample(
        at_s, cpu_s, Counter(a=2 * pictures, b=pictures), Counter(a=2 * cut, b=cut), looked, busy_s
    )  # fmt: skip


NOTHING = sample(0.0, 0.0, 0, 0, 0, 0.0)


def test_what_is_not_recognition_is_shared_out_by_pictures() -> None:
    found = report(NOTHING, sample(10.0, 5.0, 100, 10, 30, 2.0), ["a", "b"], 1.0)
    assert found.costs["a"].base == pytest.approx(0.2)
    assert found.costs["b"].base == pytest.approx(0.1)
    assert found.overhead == 0.0
    assert sum(cost.at(0) for cost in found.costs.values()) == pytest.approx(0.5)


def test_clips_that_were_shed_count_as_those_that_were_looked_at() -> None:
    all_looked = report(NOTHING, sample(10.0, 5.0, 100, 10, 30, 3.0), ["a", "b"], 1.0)
    half_shed = report(NOTHING, sample(10.0, 5.0, 100, 10, 15, 1.5), ["a", "b"], 1.0)
    for stream in ("a", "b"):
        assert half_shed.costs[stream].looks == pytest.approx(all_looked.costs[stream].looks)


def test_the_share_of_the_machine_decides_what_cpu_time_is_worth() -> None:
    one = report(NOTHING, sample(10.0, 5.0, 100, 10, 30, 2.0), ["a"], 1.0)
    four = report(NOTHING, sample(10.0, 5.0, 100, 10, 30, 2.0), ["a"], 4.0)
    assert four.costs["a"].base == pytest.approx(one.costs["a"].base / 4)


def test_without_pictures_the_process_has_a_load_all_the_same() -> None:
    found = report(NOTHING, sample(10.0, 1.0, 0, 0, 0, 0.0), ["a"], 1.0)
    assert found.overhead == pytest.approx(0.1)
    assert found.costs["a"].at(0) == 0.0


def test_a_stream_that_began_anew_never_costs_less_than_nothing() -> None:
    found = report(sample(0.0, 0.0, 100, 10, 30, 2.0), sample(10.0, 1.0, 0, 0, 30, 2.0), ["a"], 1.0)
    assert found.costs["a"].at(0) >= 0.0


def test_metrics_count_what_it_needs_and_say_what_they_said() -> None:
    metrics = CountingMetrics()
    metrics.stream_added("a", ["bench"])
    metrics.clip_cut("a", 1.0)
    metrics.inferred("light", "ok", 3, 0.5)
    assert (metrics.counts.cut["a"], metrics.counts.looked, metrics.counts.busy_s) == (1, 3, 0.5)
    assert b'takt_clips_cut_total{stream="a"} 1.0' in metrics.exposition()
    metrics.stream_removed("a")
    assert not metrics.counts.cut
