"""What a stream costs is what it asks, whether it was done or not."""

from __future__ import annotations

from collections import Counter

import pytest

from streamer.testing.time import FakeClock
from streamer.workers.meter import REPORT_S, CountingMetrics, Counts, Meter, Sample, report

PICTURES, CUT, LOOKED, BUSY_S = 100, 10, 30, 3.0
"""Of ten seconds; of two streams, `a` has twice the pictures, clips and decoding of `b`."""
DECODING_S, LOOP_S = 0.6, 0.3


def sample(
    at_s: float = 10.0,
    cpu_s: float = DECODING_S + LOOP_S + BUSY_S,
    loop_s: float = LOOP_S,
    pictures: int = PICTURES,
    cut: int = CUT,
    looked: int = LOOKED,
    busy_s: float = BUSY_S,
) -> Sample:
    decoding = {"a": DECODING_S * 2 / 3, "b": DECODING_S / 3} if pictures else {}
    counts = Counts(Counter(a=2 * cut, b=cut), looked, busy_s, decoding)
    return Sample(at_s, cpu_s, loop_s, Counter(a=2 * pictures, b=pictures), counts)


NOTHING = sample(0.0, 0.0, 0.0, 0, 0, 0, 0.0)


def test_decoding_is_each_streams_own_and_the_loop_is_shared_out_by_pictures() -> None:
    found = report(NOTHING, sample(), ["a", "b"], 1.0)
    assert found.costs["a"].base == pytest.approx(0.04 + 0.02)
    assert found.costs["b"].base == pytest.approx(0.02 + 0.01)
    assert found.overhead == pytest.approx(0.0)
    assert sum(cost.at(0) for cost in found.costs.values()) == pytest.approx(0.39)


def test_clips_that_were_shed_count_as_those_that_were_looked_at() -> None:
    all_looked = report(NOTHING, sample(), ["a", "b"], 1.0)
    half = sample(cpu_s=DECODING_S + LOOP_S + BUSY_S / 2, looked=LOOKED // 2, busy_s=BUSY_S / 2)
    half_shed = report(NOTHING, half, ["a", "b"], 1.0)
    for stream in ("a", "b"):
        assert half_shed.costs[stream].looks == pytest.approx(all_looked.costs[stream].looks)


def test_the_share_of_the_machine_decides_what_cpu_time_is_worth() -> None:
    one = report(NOTHING, sample(), ["a"], 1.0)
    four = report(NOTHING, sample(), ["a"], 4.0)
    assert four.costs["a"].base == pytest.approx(one.costs["a"].base / 4)


def test_where_several_workers_share_a_cpu_a_look_costs_what_it_takes_of_this_ones_share() -> None:
    """The engine is busy for 3 of 10 s, but that is 60 % of half a CPU."""
    found = report(NOTHING, sample(), ["a", "b"], 0.5)
    assert sum(cost.looks for cost in found.costs.values()) == pytest.approx(0.6)


def test_an_engine_that_is_busy_without_a_cpu_is_busy_all_the_same() -> None:
    """As where a GPU computes, or others take the CPU away."""
    found = report(NOTHING, sample(cpu_s=DECODING_S + LOOP_S + 0.1), ["a", "b"], 1.0)
    assert sum(cost.looks for cost in found.costs.values()) == pytest.approx(0.3)
    assert found.costs["a"].base == pytest.approx(0.06), "and what it does not take is nobody else's"


def test_without_pictures_the_process_has_a_load_all_the_same() -> None:
    found = report(NOTHING, sample(cpu_s=1.0, loop_s=0.5, pictures=0, cut=0, looked=0, busy_s=0.0), ["a"], 1.0)
    assert found.overhead == pytest.approx(0.1)
    assert found.costs["a"].at(0) == 0.0


def test_a_stream_that_began_anew_never_costs_less_than_nothing() -> None:
    begun = sample(at_s=20.0, cpu_s=5.0, pictures=0, cut=0)
    found = report(sample(), begun, ["a"], 1.0)
    assert found.costs["a"].base == found.costs["a"].looks == 0.0


def test_metrics_count_what_it_needs_and_say_what_they_said() -> None:
    metrics = CountingMetrics()
    metrics.stream_added("a", ["bench"])
    metrics.clip_cut("a", 1.0)
    metrics.inferred("light", "ok", 3, 0.5)
    metrics.decoded("a", 25, 0.2, 0.1)
    before = metrics.counts.copy()
    metrics.decoded("a", 25, 0.2, 0.1)
    assert (before.cut["a"], before.looked, before.busy_s) == (1, 3, 0.5)
    assert before.decoding_s["a"] == pytest.approx(0.3)
    assert metrics.counts.decoding_s["a"] == pytest.approx(0.6)
    assert b'takt_clips_cut_total{stream="a"} 1.0' in metrics.exposition()
    assert b'takt_frames_decoded_total{stream="a"} 50.0' in metrics.exposition()
    metrics.stream_removed("a")
    assert not metrics.counts.cut
    assert not metrics.counts.decoding_s


async def test_what_is_loaded_for_streams_is_not_what_they_cost() -> None:
    metrics, clock, cpu = CountingMetrics(), FakeClock(), [0.0, 0.0]
    meter = Meter(metrics, clock, 1.0, lambda: (cpu[0], cpu[1]))
    cpu[0] = 4.0
    await clock.advance(4.0)
    meter.begin()
    await clock.advance(REPORT_S - 1)
    assert meter.due(["a"]) is None
    await clock.advance(1.0)
    found = meter.due(["a"])
    assert found is not None
    assert found.overhead == 0.0
