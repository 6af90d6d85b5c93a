"""The benchmarks' own thinking: what is sustained, how the border is found, what a histogram says."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.capacity import Trial, bucket_quantile, late_share, most_sustained, quantile
from benchmarks.sides import dealt
from recognizers.clip import Picture
from streamer.testing.film import write_film


def trial(advanced_s: float = 20.0, late: float = 0.0, decisions: float | None = 20) -> Trial:
    """Of two cameras, the first of which is fine."""
    return Trial(20.0, (20.0, advanced_s), late, None if decisions is None else (20, decisions))


def test_cameras_that_keep_up_are_sustained() -> None:
    assert trial().failings() == []
    assert trial(decisions=None).failings() == []
    assert trial(advanced_s=19.7, late=0.05, decisions=19).failings() == []


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (trial(advanced_s=19.6), "falls behind"),
        (trial(late=0.06), "later than"),
        (trial(decisions=18), "decisions a second"),
        (Trial(20.0, (), 0.0), "falls behind"),
    ],
)
def test_one_bad_camera_or_late_events_are_not_sustained(wrong: Trial, why: str) -> None:
    assert any(why in failing for failing in wrong.failings())


@given(border=st.integers(0, 70), guess=st.integers(1, 90), step=st.integers(1, 4))
def test_the_search_finds_the_border_wherever_it_begins(border: int, guess: int, step: int) -> None:
    tried: Counter[int] = Counter()

    def sustains(cameras: int) -> bool:
        tried[cameras] += 1
        return cameras <= border

    assert most_sustained(sustains, guess, most=64, step=step) == min(border, 64) // step * step
    assert max(tried) <= 64
    assert min(tried) >= step
    assert tried.total() <= 14


def test_at_the_border_most_of_three_trials_decide() -> None:
    lucky_once = {12: iter([True, False, False]), 10: iter([True, True, True])}

    def sustains(cameras: int) -> bool:
        return next(lucky_once[cameras]) if cameras in lucky_once else cameras < 10

    assert most_sustained(sustains, guess=10, most=40) == 10


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0.01, 1))
def test_a_quantile_is_the_smallest_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = quantile(values, share)

    assert sum(value <= found for value in values) >= share * len(values)
    assert sum(value < found for value in values) < share * len(values)


def test_a_histograms_quantile_lies_within_its_bucket() -> None:
    buckets = {0.1: 10.0, 0.5: 50.0, 1.0: 90.0, math.inf: 100.0}

    assert bucket_quantile(buckets, 0.05) == pytest.approx(0.05)
    assert bucket_quantile(buckets, 0.7) == pytest.approx(0.75)
    assert bucket_quantile(buckets, 0.95) == 1.0
    assert late_share(buckets) == pytest.approx(0.1)


def test_of_nothing_there_is_no_quantile_and_everything_is_late() -> None:
    assert math.isnan(quantile([], 0.5))
    assert math.isnan(bucket_quantile({1.0: 0.0, math.inf: 0.0}, 0.5))
    assert late_share({1.0: 0.0, math.inf: 0.0}) == 1.0


@pytest.mark.parametrize(("cameras", "processes"), [(8, 2), (7, 2), (1, 1), (5, 4)])
def test_every_camera_is_dealt_to_one_process_and_none_has_two_more_than_another(cameras: int, processes: int) -> None:
    shares = dealt(cameras, processes)

    assert len(shares) == processes
    assert sorted(camera for share in shares for camera in share) == list(range(cameras))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@pytest.mark.e2e
@pytest.mark.full
@pytest.mark.timeout(300)
def test_the_pipeline_is_measured_beside_the_bare_loop_in_one_run(tmp_path: Path) -> None:
    def pictures() -> Iterator[Picture]:
        rng = np.random.default_rng(0)
        for _ in range(10):
            blocks = rng.integers(0, 256, (9, 16, 3), np.uint8)
            yield from [blocks.repeat(20, axis=0).repeat(20, axis=1)] * 15

    write_film(tmp_path / "blocks.mp4", pictures(), 25)
    short = ["--seconds", "8", "--warm", "2", "--max", "2", "--guess", "2", "--processes", "1"]
    command = [sys.executable, "-m", "benchmarks.pipeline", str(tmp_path), *short, "--json"]

    done = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True)

    result = json.loads(done.stdout)
    assert (result["cameras"], result["limit"], result["of_limit"]) == (2, 2, 1.0)
    assert result["events"] > 0
    parts = ("decode", "scale", "buffer", "inference", "rest")
    assert all(result["cpu"][part] > 0 for part in parts)
    assert sum(result["cpu"][part] for part in parts) == pytest.approx(result["cpu"]["total"], rel=0.1)
