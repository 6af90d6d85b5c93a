"""A worker lives while its loop speaks and its engine gets done."""

from __future__ import annotations

from streamer.workers.pulse import Deadlines, Pulse

DEADLINES = Deadlines(begin_s=100.0, silent_s=10.0, batch_s=60.0)


def test_one_that_begins_may_take_its_time_but_not_for_ever() -> None:
    pulse = Pulse(0.0, DEADLINES)
    assert pulse.hangs(99.0) == ""
    assert pulse.hangs(101.0) == "begin"


def test_one_whose_loop_is_silent_hangs() -> None:
    pulse = Pulse(0.0, DEADLINES)
    pulse.beat(50.0, 0.0)
    assert pulse.hangs(59.0) == ""
    assert pulse.hangs(61.0) == "loop"
    pulse.beat(61.5, 0.0)
    assert pulse.hangs(62.0) == ""


def test_one_whose_engine_is_at_a_batch_for_too_long_hangs_though_its_loop_speaks() -> None:
    pulse = Pulse(0.0, DEADLINES)
    pulse.beat(50.0, 59.0)
    assert pulse.hangs(50.5) == ""
    pulse.beat(52.0, 61.0)
    assert pulse.hangs(52.5) == "engine"
