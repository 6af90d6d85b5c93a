"""Time that cameras tell is checked; time that we tell never jumps."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import SourceUnavailable
from streamer.sources.timestamps import CaptureTime, MediaTime, WallTime

on_a_busy_machine = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _advance(pts: list[float | None], live: bool = True) -> list[float | None]:
    time = MediaTime()
    return [time.advance(value, number * 0.04 if live else None) for number, value in enumerate(pts)]


def test_media_time_counts_from_the_first_frame() -> None:
    assert _advance([100.0, 100.04, 100.08]) == pytest.approx([0.0, 0.04, 0.08])


def test_duplicates_and_late_frames_are_left_out() -> None:
    assert _advance([5.0, 5.04, 5.04, 5.0, 5.08]) == pytest.approx([0.0, 0.04, None, None, 0.08])


@pytest.mark.parametrize(
    ("jump", "words"),
    [(-3600.0, "went back"), (20_000.0, "leapt ahead"), (12.3 * 3600, "leapt ahead"), (-(2**32) / 90_000, "went back")],
)
def test_a_jump_ends_the_epoch(jump: float, words: str) -> None:
    with pytest.raises(SourceUnavailable, match=words) as caught:
        _advance([50_000.0, 50_000.04, 50_000.08 + jump])
    assert caught.value.reason == "ts_jump"


def test_a_gap_that_really_passed_is_no_jump() -> None:
    time = MediaTime()
    time.advance(0.0, 10.0)
    assert time.advance(8.0, 18.0) == 8.0


def test_a_backlog_after_a_stall_is_no_jump() -> None:
    time = MediaTime()
    time.advance(0.0, 0.0)
    assert [time.advance(0.04 * n, 9.0) for n in range(1, 4)] == pytest.approx([0.04, 0.08, 0.12])


def test_gaps_in_a_recording_are_no_faults() -> None:
    assert _advance([0.0, 0.04, 3600.0], live=False) == [0.0, 0.04, 3600.0]


def test_missing_times_are_borne_for_a_while() -> None:
    assert _advance([0.0, None, None, 0.12])[-1] == 0.12
    with pytest.raises(SourceUnavailable, match="no timestamp"):
        _advance([0.0] + [None] * 7)


def test_earliest_arrivals_tell_the_time() -> None:
    clock, rng, last = CaptureTime(), random.Random(1), 0.0
    for number in range(3000):
        media_s = number * 0.04
        last = clock.captured_at(media_s, 1000.0 + media_s + 0.02 + rng.expovariate(10)) - media_s
    assert last == pytest.approx(1000.02, abs=0.02)
    assert clock.kind == "arrival"


def test_a_late_first_frame_is_corrected_soon() -> None:
    clock = CaptureTime()
    for number in range(60):
        media_s = number * 0.04
        at = clock.captured_at(media_s, 1000.0 + media_s + (0.5 if number == 0 else 0.0))
    assert at - media_s == pytest.approx(1000.0, abs=0.001)


def test_sender_reports_are_believed_while_they_lie_near_arrival() -> None:
    clock = CaptureTime()
    assert clock.captured_at(0.0, 1000.3, 1000.0) == 1000.0
    assert clock.kind == "rtcp"
    wrong = CaptureTime()
    assert wrong.captured_at(0.0, 1000.3, 5000.0) == 1000.3
    assert wrong.kind == "arrival"


def test_a_camera_that_counts_its_own_seconds_ends_the_epoch() -> None:
    clock = CaptureTime()
    clock.captured_at(0.0, 1000.0)
    clock.captured_at(15.0, 1015.0 + 3600.0)  # one late arrival says nothing yet
    with pytest.raises(SourceUnavailable, match="parted"):
        clock.captured_at(30.0, 1030.0 + 3600.0)


def test_a_clock_put_right_by_a_second_is_followed_within_minutes() -> None:
    wall = WallTime()
    wall.at(100.0, 1000.0)
    told = [wall.at(100.0 + n, 1001.0 + n) - n for n in range(1, 301)]
    assert told[0] == pytest.approx(1000.005)
    assert told[-1] == pytest.approx(1001.0)
    assert wall.off_s == pytest.approx(0.0)


@on_a_busy_machine
@given(
    steps=st.lists(st.floats(0.001, 2.0), min_size=2, max_size=100),
    sets=st.lists(st.one_of(st.just(0.0), st.floats(-86_400.0, 86_400.0)), min_size=100, max_size=100),
    late=st.lists(st.floats(0.0, 0.5), min_size=100, max_size=100),
)
def test_setting_the_clock_never_steps_or_ends_an_epoch(
    steps: list[float], sets: list[float], late: list[float]
) -> None:
    wall, clock, media_s, arrived_s, ahead_s = WallTime(), CaptureTime(), 0.0, 0.0, 0.0
    before = clock.captured_at(0.0, wall.at(0.0, 1000.0))
    for step, jump, lateness in zip(steps, sets, late, strict=False):
        media_s, ahead_s = media_s + step, ahead_s + jump
        arrived_s = max(arrived_s, media_s + lateness)
        at = clock.captured_at(media_s, wall.at(arrived_s, 1000.0 + arrived_s + ahead_s))
        assert 0.499 * step <= at - before <= 1.501 * step
        before = at


@on_a_busy_machine
@given(
    steps=st.lists(st.floats(0.001, 1.0), min_size=2, max_size=100),
    late=st.lists(st.floats(0.0, 4.0), min_size=100, max_size=100),
    said=st.lists(st.one_of(st.none(), st.floats(-3.0, 3.0)), min_size=100, max_size=100),
)
def test_capture_time_grows_and_never_steps(steps: list[float], late: list[float], said: list[float | None]) -> None:
    clock, media_s = CaptureTime(), 0.0
    before = clock.captured_at(0.0, 1000.0)
    for step, lateness, report in zip(steps, late, said, strict=False):
        media_s += step
        arrived = 1000.0 + media_s + lateness
        at = clock.captured_at(media_s, arrived, None if report is None else arrived + report)
        assert 0.499 * step <= at - before <= 1.501 * step
        before = at
