"""The sampling grid: which frames are decoded for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamer.sampling import Picker, slot


def test_a_camera_at_exactly_the_grids_rate_fills_every_slot_in_spite_of_jitter() -> None:
    jittered = [k * 0.1 + (0.04 if k % 2 else -0.04) for k in range(50)]

    assert [slot(moment, 0.1) for moment in jittered] == list(range(50))


def test_of_a_faster_camera_only_the_first_picture_of_a_slot_is_wanted() -> None:
    picker = Picker([0.12])
    wanted = [k for k in range(13) if picker.wants(k * 0.04)]

    # 25 pictures a second, slots of 0.12 s centred at 0, 0.12, 0.24, …: the first at or after each border.
    assert wanted == [0, 2, 5, 8, 11]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=200))
def test_no_slot_of_any_grid_is_asked_for_twice_and_none_with_a_picture_is_missed(moments: list[float]) -> None:
    moments = sorted(moments)
    picker = Picker([0.1, 0.25])
    wanted = [moment for moment in moments if picker.wants(moment)]

    for interval in (0.1, 0.25):
        assert {slot(m, interval) for m in wanted} == {slot(m, interval) for m in moments}
