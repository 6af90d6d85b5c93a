"""Verdicts on steps and units."""

from __future__ import annotations

import pytest

from streamer.event import Reason, Verdict
from streamer.procedure.graph import Procedure, Step
from streamer.procedure.monitor import MOST_STEPS
from streamer.units import Named
from tests.streamer.procedure.work import Bench, action, chain, only


def test_work_in_order_is_done_and_the_unit_is_complete() -> None:
    bench = Bench(chain("a", "b", "c"))
    bench.row("abc")
    assert bench.verdicts() == [("a", "done"), ("b", "done"), ("c", "done")]
    started, completed = bench.cycles
    assert (started.phase, completed.phase, completed.reason) == ("started", "completed", "finished")
    assert (completed.took_s, completed.deviation_s, completed.left) == (8, -2, ())
    assert completed.steps == (("a", 2), ("b", 2), ("c", 2))


def test_a_step_that_never_came_is_missed_and_what_came_early_was_done() -> None:
    bench = Bench(chain("a", "b", "c", "d"))
    bench.row("acd")
    first = next(one for one in bench.steps if one.step == "c")
    assert (first.verdict, first.missing, first.probability) == ("premature", ("b",), 0.5)
    assert bench.verdicts() == [("a", "done"), ("c", "done"), ("d", "done"), ("b", "missed")]


def test_a_step_that_comes_too_late_is_out_of_order_and_so_is_what_overtook_it() -> None:
    bench = Bench(chain("a", "b", "c", "d"))
    bench.row("acbd")
    assert bench.verdicts() == [("a", "done"), ("c", "out_of_order"), ("b", "out_of_order"), ("d", "done")]
    early = [one for one in bench.steps if one.step == "c"]
    assert [(one.verdict, one.revision, one.missing) for one in early] == [
        ("premature", 0, ("b",)), ("premature", 1, ("b",)), ("out_of_order", 2, ("b",)),
    ]  # fmt: skip
    assert next(one for one in bench.steps if one.step == "b").overtaken_by == ("c",)


def test_what_goes_on_counts_as_done_since_people_do_two_things_at_once() -> None:
    bench = Bench(chain("a", "b"))
    bench.act(("a", 0, 5), ("b", 4, 9))
    assert bench.verdicts() == [("a", "done"), ("b", "done")]


def test_a_step_is_repeated_when_it_was_done_often_enough() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", repeat=2), Step("b", "b", only("a")))))
    bench.row("aaab")
    assert bench.verdicts() == [("a", "done"), ("a", "done"), ("a", "repeated"), ("b", "done")]


def test_a_step_may_be_done_more_often_than_it_must() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", at_most=2), Step("b", "b", only("a"))), ends_with="b"))
    bench.row("aaab")
    assert bench.verdicts() == [("a", "done"), ("a", "done"), ("a", "repeated"), ("b", "done")]
    bench.row("ab", 20)
    assert bench.verdicts()[4:] == [("a", "done"), ("b", "done")]


def test_a_step_done_too_seldom_is_missed() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", repeat=2), Step("b", "b", only("a"))), ends_with="b"))
    bench.row("ab")
    assert bench.verdicts() == [("a", "done"), ("b", "done"), ("a", "missed")]


def test_steps_that_look_the_same_are_told_apart_by_their_order() -> None:
    bench = Bench(Procedure("w", (Step("b", "turn", only("a")), Step("a", "turn"), Step("c", "c", only("b")))))
    bench.act(("turn", 0, 2), ("turn", 3, 5), ("c", 6, 8))
    assert bench.verdicts() == [("a", "done"), ("b", "done"), ("c", "done")]


def test_of_alternatives_one_is_enough_and_another_is_too_much() -> None:
    choice = frozenset({"x", "y"})
    work = Procedure("w", (Step("x", "x"), Step("y", "y"), Step("z", "z", (choice,))), (choice,), ends_with="z")
    bench = Bench(work)
    bench.row("yz")
    assert bench.verdicts() == [("y", "done"), ("z", "done")]
    bench.row("yxz", 20)
    assert bench.verdicts()[2:] == [("y", "done"), ("x", "repeated"), ("z", "done")]
    bench.row("z", 40)
    assert bench.verdicts()[5:] == [("z", "done"), ("x|y", "missed")]


def test_optional_steps_are_never_missed() -> None:
    bench = Bench(Procedure("w", (Step("a", "a"), Step("b", "b", optional=True), Step("c", "c")), ends_with="c"))
    bench.row("ac")
    assert bench.verdicts() == [("a", "done"), ("c", "done")]


def test_time_limits() -> None:
    steps = (Step("a", "a", min_s=2, max_s=4), Step("b", "b", only("a")))
    bench = Bench(Procedure("w", steps))
    bench.act(("a", 0, 1), ("b", 2, 3), ("a", 10, 13), ("b", 14, 15), ("a", 20, 25), ("b", 26, 27))
    assert [verdict for step, verdict in bench.verdicts() if step == "a"] == ["undershoot", "done", "overtime"]


def test_overtime_is_told_while_it_goes_on() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", max_s=4), Step("b", "b"))))
    bench.told += bench.monitor.observe(action("a", 0))
    assert not bench.monitor.passed(4)
    (late,) = bench.monitor.passed(4.5)
    assert not bench.monitor.passed(9)
    (over,) = bench.monitor.observe(action("a", 0, 9))
    assert [(one.verdict, one.took_s, one.revision) for one in (late, over)] == [
        ("overtime", None, 0), ("overtime", 9, 1),
    ]  # fmt: skip


def test_what_is_taken_back_is_undone_and_can_be_done_again() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", undone_by="off"), Step("b", "b", only("a")))))
    bench.act(("a", 0, 2), ("off", 3, 4), ("b", 5, 6), ("a", 7, 8))
    assert bench.verdicts() == [("a", "undone"), ("b", "out_of_order"), ("a", "out_of_order")]


def test_the_first_step_of_the_next_unit_ends_this_one() -> None:
    bench = Bench(chain("a", "b", "c"))
    bench.row("aba")
    assert [(one.phase, one.reason, one.left) for one in bench.cycles] == [
        ("started", None, ()), ("completed", "next_began", ("c",)), ("started", None, ()),
    ]  # fmt: skip
    assert ("c", "missed") in bench.verdicts()


def test_an_aborted_or_idle_unit_is_abandoned_and_nothing_of_it_is_missed() -> None:
    work = Procedure("w", chain("a", "b").steps, aborts_with="scrap", idle_s=60)
    bench = Bench(work)
    bench.act(("a", 0, 2), ("scrap", 3, 4), ("a", 10, 12))
    assert not bench.monitor.passed(72)
    bench.told += bench.monitor.passed(73)
    assert [(one.reason, one.left) for one in bench.cycles if one.reason] == [("aborted", ("b",)), ("idle", ("b",))]
    assert {verdict for _, verdict in bench.verdicts()} == {"done"}


def test_a_step_that_the_camera_could_not_see_is_inconclusive() -> None:
    bench = Bench(chain("a", "b", "c"))
    bench.act(("a", 0, 2))
    bench.blind(3, 6)
    bench.act(("c", 7, 9))
    assert bench.verdicts() == [("a", "done"), ("c", "done"), ("b", "inconclusive")]


def test_a_short_glimpse_lost_after_a_step_was_due_hides_no_long_step() -> None:
    for blind_s, expected in ((1.0, "missed"), (5.0, "inconclusive")):
        steps = (Step("a", "a"), Step("b", "b", only("a"), min_s=4), Step("c", "c", only("b")), Step("d", "d"))
        bench = Bench(Procedure("w", steps, ends_with="d"))
        bench.act(("a", 0, 2), ("c", 3, 5))
        bench.blind(6, 6 + blind_s)
        bench.act(("d", 20, 22))
        assert ("b", expected) in bench.verdicts()


def test_a_step_during_which_the_camera_was_lost_goes_on_when_it_is_seen_again() -> None:
    bench = Bench(chain("a", "b"))
    bench.told += bench.monitor.observe(action("a", 0))
    bench.told += bench.monitor.observe(action("a", 0, 2, Reason.SOURCE_LOST))
    bench.blind(2, 5)
    assert bench.verdicts() == [("a", "inconclusive")]
    bench.act(("a", 5, 7), ("b", 8, 9))
    assert bench.verdicts() == [("a", "done"), ("b", "done")]
    assert all(one.took_s is None for one in bench.steps if one.step == "a")


def test_a_step_seen_in_part_is_not_judged_by_its_time() -> None:
    bench = Bench(Procedure("w", (Step("a", "a", min_s=3, max_s=9), Step("b", "b"))))
    bench.told += bench.monitor.observe(action("a", 0))
    bench.blind(1, 12)
    assert not bench.monitor.passed(12.5)
    (over,) = bench.monitor.observe(action("a", 0, 13))
    assert (over.verdict, over.took_s) == (Verdict.DONE, None)


def test_nobody_is_idle_while_the_camera_is_blind() -> None:
    bench = Bench(Procedure("w", chain("a", "b").steps, idle_s=60))
    bench.row("a")
    bench.blind(5, 500)
    assert [one.phase for one in bench.cycles] == ["started"]
    bench.told += bench.monitor.passed(561)
    assert bench.cycles[-1].reason == "idle"


def test_a_name_belongs_to_the_unit_that_has_none_else_to_the_next() -> None:
    bench = Bench(chain("a", "b"))
    bench.monitor.named(Named("u1"), 0)
    bench.row("a", 1)
    bench.monitor.named(Named("u2", "order-9"), 4)
    bench.row("b", 5)
    bench.row("a", 10)
    bench.monitor.named(Named("u3"), 13)
    assert [one.unit_id for one in bench.cycles] == ["u1", "u1", "u2"]
    assert [one.work_order for one in bench.cycles] == [None, None, "order-9"]


def test_a_name_that_comes_a_little_late_is_of_this_unit_later_of_the_next() -> None:
    bench = Bench(chain("a", "b"))
    for start, late_s, unit in ((1, 3, "u1"), (21, 6, "u2")):
        bench.row("a", start)
        bench.monitor.named(Named(unit), start + late_s, grace_s=5)
        bench.row("b", start + 9)
    bench.row("ab", 41)
    ends = [one for one in bench.cycles if one.phase == "completed"]
    assert [one.unit_id for one in ends] == ["u1", None, "u2"]
    assert [one.unit_id for one in bench.steps] == [None, "u1", None, None, "u2", "u2"]


def test_one_name_that_comes_too_late_does_not_shift_those_that_follow() -> None:
    bench = Bench(chain("a", "b"))
    for start, late_s, unit in ((1, 6, "u1"), (21, 6, "u2"), (41, 3, "u3"), (61, 3, "u4")):
        bench.row("a", start)
        bench.monitor.named(Named(unit), start + late_s, grace_s=5)
        bench.row("b", start + 9)
    ends = [one for one in bench.cycles if one.phase == "completed"]
    assert [one.unit_id for one in ends] == [None, "u1", "u3", "u4"]


def test_the_same_name_again_names_no_other_unit() -> None:
    bench = Bench(chain("a", "b"))
    bench.monitor.named(Named("u1"), 0)
    bench.row("a", 1)
    bench.monitor.named(Named("u1"), 4)
    bench.row("b", 5)
    bench.row("ab", 10)
    assert [one.unit_id for one in bench.cycles] == ["u1", "u1", None, None]


def test_a_unit_that_never_ends_is_given_up_some_time() -> None:
    bench = Bench(Procedure("w", (Step("a", "a"), Step("b", "b"))))
    bench.row("a" * (MOST_STEPS + 1))
    assert [one.reason for one in bench.cycles] == [None, "aborted", None]


@pytest.mark.parametrize("end", [True, False])
def test_nothing_is_left_open_at_the_end(end: bool) -> None:
    bench = Bench(chain("a", "b"))
    bench.told += bench.monitor.observe(action("a", 0))
    bench.told += bench.monitor.close(3)
    if end:
        assert not bench.monitor.observe(action("a", 0, 4))
    assert bench.verdicts() == [("a", "inconclusive")]
    assert [(one.phase, one.reason) for one in bench.cycles] == [("started", None), ("abandoned", "source_ended")]
