"""Which seconds of a stream are kept."""

from __future__ import annotations

from streamer.record.marks import MOST, Marks, Wanted


def test_a_moment_is_due_once_its_last_second_was_seen() -> None:
    marks = Marks(pre_roll_s=2.0, seconds=3.0)
    wanted = marks.mark(1, 10.0)
    assert wanted == Wanted(1, 8.0, 13.0)
    assert marks.due(1, 12.9) == []
    assert marks.due(1, 13.0) == [wanted]
    assert (marks.due(1, 99.0), len(marks)) == ([], 0)


def test_a_lost_connection_ends_what_waits() -> None:
    marks = Marks(1.0, 1.0)
    wanted = marks.mark(1, 5.0)
    assert marks.due(2, 0.0) == [wanted]


def test_moments_may_overlap_but_not_without_end() -> None:
    marks = Marks(1.0, 1.0)
    assert [marks.mark(1, n / 10) is None for n in range(MOST + 1)] == [False] * MOST + [True]
    assert len(marks.due(1, 60.0)) == MOST
