"""What is done in front of the demo's camera."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from recognizers.data.synthetic import IDLE, WorkCell
from streamer.demo.session import UNITS, Again, session_of


def test_right_work_is_that_of_the_cell() -> None:
    assert isinstance(session_of(7, mistakes=False), WorkCell)


def test_mistakes_are_made_over_and_over() -> None:
    session = session_of(7, mistakes=True)
    assert isinstance(session, Again)
    once = session.truth(session.truth(0.0)[0].end_s + 3600)
    labels = [one.label for one in once if one.label != IDLE]
    length = next(n for n in range(20, len(labels)) if labels[:n] == labels[n : 2 * n])

    # Of five steps a unit: two lack one, one has one twice.
    assert length == 5 * len(UNITS) - 2 + 1
    assert all(one.end_s == after.start_s for one, after in pairwise(once))
    assert once[-1].start_s <= once[0].end_s + 3600 <= once[-1].end_s


def test_the_picture_of_a_later_round_is_that_of_the_first() -> None:
    session = session_of(7, mistakes=True, height_px=32)
    whole = session.truth(1000.0)
    starts = [one.start_s for one in whole if one.label != IDLE]
    again = starts[5 * len(UNITS) - 1]

    assert np.array_equal(session.draw(starts[0] + 0.25), session.draw(again + 0.25))
