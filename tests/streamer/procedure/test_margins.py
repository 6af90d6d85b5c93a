"""How sure it is that one way is better than another."""

from __future__ import annotations

import pytest

from recognizers.metrics.segments import Video
from streamer.procedure.evaluation.margins import margins

TRUE = [1] * 10 + [2] * 10
HALF = [1] * 20
FLICKER = [1, 2] * 10


def test_the_margin_is_the_difference_of_the_figures() -> None:
    found = margins([(TRUE, TRUE)] * 3, [(HALF, TRUE)] * 3, 0)

    assert (found["accuracy"], found["edit"]) == (0.5, 0.5)
    assert found["f1_50"] == pytest.approx(1 - 2 / 3)
    assert found["accuracy_low"] == found["accuracy_high"] == 0.5


def test_where_videos_differ_so_may_another_set_of_them() -> None:
    better: list[Video] = [(TRUE, TRUE), (HALF, TRUE), (FLICKER, TRUE)]
    found = margins(better, [(FLICKER, TRUE), (FLICKER, TRUE), (TRUE, TRUE)], 0)

    assert found["edit_low"] < found["edit"] < found["edit_high"]
    assert found["accuracy"] == pytest.approx(0.0)
    assert found["accuracy_low"] < 0 < found["accuracy_high"]
    assert margins(better, better, 0)["edit_high"] == 0
