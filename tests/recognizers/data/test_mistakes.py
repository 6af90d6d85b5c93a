"""Work with mistakes in it, cut out of right work."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from recognizers.data.synthetic import IDLE
from recognizers.data.synthetic.mistakes import MISTAKES, MistakenWork

RIGHT = (["pick", "place", "tighten", "inspect", "put_away"], ["pick", "place", "loosen", "inspect", "put_away"])


def steps(work: MistakenWork) -> list[list[str]]:
    """Of each unit."""
    ends = [*work.units_s[1:], work.length_s]
    return [
        [one.label for one in work.segments if one.label != IDLE and start <= one.start_s < end]
        for start, end in zip(work.units_s, ends, strict=True)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_each_unit_has_the_mistake_that_it_is_to_have(seed: int) -> None:
    none, missed, swapped, repeated, slow = steps(MistakenWork(seed, MISTAKES, 48))
    assert none in RIGHT
    assert slow in RIGHT
    assert any([step for step in right if step in missed] == missed and len(missed) == 4 for right in RIGHT)
    assert swapped not in RIGHT
    assert any(sorted(swapped) == sorted(right) for right in RIGHT)
    assert len(repeated) == 6
    assert any(list(dict.fromkeys(repeated)) == right for right in RIGHT)


def test_work_goes_on_without_a_gap_and_is_the_same_every_time() -> None:
    one, again = MistakenWork(3, MISTAKES, 48), MistakenWork(3, MISTAKES, 48)
    assert one.segments == again.segments
    assert all(before.end_s == pytest.approx(after.start_s) for before, after in pairwise(one.segments))
    for at_s in (0.0, 7.3, one.length_s / 2, one.length_s + 100):
        assert np.array_equal(one.draw(at_s), again.draw(at_s))


def test_a_slow_turn_takes_as_many_times_as_long_as_it_has_more_turns() -> None:
    (slow,) = [one for one in MistakenWork(5, ["slow"], 48).segments if one.label in ("tighten", "loosen")]
    (right,) = [one for one in MistakenWork(5, ["none"], 48).segments if one.label in ("tighten", "loosen")]
    assert slow.end_s - slow.start_s == pytest.approx(3.5 * (right.end_s - right.start_s))
