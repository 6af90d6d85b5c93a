"""So many pictures a second are shown, whatever the camera's rate, and none is waited for twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.live.pace import Pace


@pytest.mark.parametrize(
    ("camera", "asked", "shown"), [(25, 10, 10), (30, 15, 15), (25, 5, 5), (5, 10, 5), (25, 25, 25)]
)
def test_as_many_are_shown_as_are_asked_for_and_the_camera_has(camera: int, asked: int, shown: int) -> None:
    pace = Pace(1 / asked)
    times = [n / camera for n in range(10 * camera)]
    assert sum(map(pace.wants, times)) == pytest.approx(10 * shown, abs=1)


@given(st.lists(st.floats(0.001, 3), min_size=2, max_size=60), st.floats(0.04, 1))
def test_pictures_never_come_quicker_than_asked(steps: list[float], interval_s: float) -> None:
    pace, at_s, shown = Pace(interval_s), 0.0, list[float]()
    for step in steps:
        at_s += step
        if pace.wants(at_s):
            shown.append(at_s)
    assert shown
    span_s = shown[-1] - shown[0]
    assert len(shown) - 1 <= span_s / interval_s + 1 + 1e-6


def test_another_connection_begins_anew() -> None:
    pace = Pace(1.0)
    assert pace.wants(1000.0)
    assert not pace.wants(1000.5)
    assert pace.wants(0.0)
    assert not pace.wants(0.5)
    assert pace.wants(1.0)


def test_after_a_gap_pictures_do_not_come_in_a_rush() -> None:
    pace = Pace(1.0)
    assert [n / 4 for n in range(8) if pace.wants(n / 4)] == [0.0, 1.0]
    assert [10 + n / 4 for n in range(8) if pace.wants(10 + n / 4)] == [10.0, 11.0]
