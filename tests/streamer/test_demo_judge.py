"""Laws of judging events by what really happened."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from streamer.demo.judge import GRACE_S, Happening, Start, Verdict, judge
from streamer.demo.run import WORK

TIGHTEN = Happening("tighten", 10.0, 14.0)


def test_a_start_within_its_action_is_right() -> None:
    verdict = judge([TIGHTEN], [Start("tighten", 11.0)])
    assert verdict.right == ((TIGHTEN, Start("tighten", 11.0)),)
    assert verdict.wrong == verdict.missed == ()


def test_a_start_may_be_decided_a_little_after_the_end() -> None:
    assert judge([TIGHTEN], [Start("tighten", 14.0 + GRACE_S)]).missed == ()
    assert judge([TIGHTEN], [Start("tighten", 14.1 + GRACE_S)]).missed == (TIGHTEN,)


def test_another_label_is_wrong_and_the_action_missed() -> None:
    verdict = judge([TIGHTEN], [Start("loosen", 12.0)])
    assert verdict.wrong == (Start("loosen", 12.0),)
    assert verdict.missed == (TIGHTEN,)


def test_a_start_of_what_was_seen_in_part_is_neither_right_nor_wrong() -> None:
    verdict = judge([], [Start("tighten", 11.0)], [TIGHTEN])
    assert verdict == Verdict((), (), ())
    assert judge([], [Start("loosen", 11.0)], [TIGHTEN]).wrong == (Start("loosen", 11.0),)
    assert judge([], [Start("tighten", 11.0), Start("tighten", 12.0)], [TIGHTEN]).wrong == (Start("tighten", 12.0),)


def test_a_second_start_of_the_same_action_is_wrong() -> None:
    assert judge([TIGHTEN], [Start("tighten", 11.0), Start("tighten", 13.0)]).wrong == (Start("tighten", 13.0),)


def test_a_start_before_anything_is_done_is_wrong() -> None:
    assert judge([TIGHTEN], [Start("tighten", 9.9)]).wrong == (Start("tighten", 9.9),)


STARTS = st.lists(st.builds(Start, st.sampled_from("ab"), st.floats(0, 30)), max_size=12)
DONE = st.lists(
    st.tuples(st.sampled_from("ab"), st.floats(0, 30), st.floats(0, 5)).map(
        lambda t: Happening(t[0], t[1], t[1] + t[2])
    ),
    max_size=8,
)


@given(DONE, STARTS)
def test_every_action_and_every_start_is_counted_exactly_once(done: list[Happening], starts: list[Start]) -> None:
    verdict = judge(done, starts)
    assert len(verdict.right) + len(verdict.missed) == len(done)
    assert len(verdict.right) + len(verdict.wrong) == len(starts)
    assert all(one.action == start.action for one, start in verdict.right)


def test_the_demo_follows_the_work_of_the_cell() -> None:
    said = (Path(__file__).parents[2] / "config" / "procedures" / "cell.yaml").read_text()
    assert said[said.index("name:") :] == WORK
