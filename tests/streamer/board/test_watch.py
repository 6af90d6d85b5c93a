"""What a board shows of a watch is valid, and true of what was told."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.board.andon import DEFAULT
from streamer.board.doing import MOST_SHOWN, Work
from streamer.board.tally import WINDOWS
from streamer.board.watch import WatchBoard
from streamer.event import ActionEvent, Actor, CycleEvent, CyclePhase, Ending, Phase, Reason, StepEvent, Verdict
from streamer.testing.messages import action_event, cycle_event, step_event
from tests.schemas import validate

AT = 1_700_000_000.0
WORK = Work((("seal", "apply"), ("lid", "place"), ("screws", "tighten")))


def board(work: Work = WORK) -> WatchBoard:
    return WatchBoard("cam", "bench", work, DEFAULT, AT)


def started(action: str = "tighten", at: float = AT, decided_after: float = 0.5, **more: object) -> ActionEvent:
    return replace(action_event(), action=action, at=at, started_at=at, decided_at=at + decided_after, **more)  # type: ignore[arg-type]


def ended(event: ActionEvent, at: float, reason: Reason = Reason.COMPLETED) -> ActionEvent:
    return replace(
        event, phase=Phase.ENDED, at=at, decided_at=at + 0.5, duration_s=at - event.started_at, reason=reason
    )


def step(cycle: CycleEvent, name: str, verdict: Verdict = Verdict.DONE) -> StepEvent:
    return replace(step_event(verdict=verdict), cycle_id=cycle.cycle_id, step=name)


def test_what_goes_on_is_shown_until_it_is_over() -> None:
    shown, one, two = board(), started("tighten"), started("hold", AT + 2)
    shown.tell(one, 0.5)
    shown.tell(two, 2.5)
    state = validate(shown.state(AT + 3))
    assert [event["action"] for event in state["open"]] == ["hold", "tighten"]
    assert state["action"] == state["open"][0]
    assert state["action"]["action_id"] == str(two.action_id)
    assert "quiet_since" not in state

    shown.tell(ended(two, AT + 4), 4.5)
    shown.tell(ended(one, AT + 9), 9.5)
    state = validate(shown.state(AT + 10))
    assert (state["action"], state["open"], state["open_count"]) == (None, [], 0)
    assert state["quiet_since"] == "2023-11-14T22:13:29.000Z"
    assert state["counts"]["actions"] == {"tighten": 1, "hold": 1}


def test_a_revised_action_is_shown_as_it_is_known_now() -> None:
    shown, one = board(), started()
    shown.tell(one, 0.5)
    shown.tell(replace(one, phase=Phase.REVISED, revision=1, score=0.4), 1.0)

    state = validate(shown.state(AT + 1))
    assert state["action"]["score"] == 0.4
    assert state["counts"]["actions"] == {"tighten": 1}


def test_people_are_shown_by_their_number_and_a_crowd_is_cut_short() -> None:
    shown = board()
    for n in range(MOST_SHOWN + 8):
        shown.tell(started(at=AT + n, actor=Actor(n + 1, (0.0, 0.0, 0.5, 1.0))), n)

    state = validate(shown.state(AT + 60))
    assert (len(state["open"]), state["open_count"]) == (MOST_SHOWN, MOST_SHOWN + 8)
    assert state["action"]["actor"] == {"id": MOST_SHOWN + 8}


def test_the_unit_is_shown_with_what_is_done_what_goes_on_and_what_is_left() -> None:
    shown, cycle = board(), cycle_event()
    shown.tell(cycle, 1.0)
    shown.tell(step(cycle, "seal"), 4.0)
    shown.tell(started("place", AT + 5), 5.5)
    unit = validate(shown.state(AT + 12.5))["cycle"]

    assert (unit["unit_id"], unit["takt_s"], unit["elapsed_s"]) == ("SN-0042", 55.0, 12.5)
    assert unit["steps"] == [{"step": "seal", "verdict": "done", "took_s": 2.0}]
    assert (unit["current"], unit["left"], unit["missed"]) == (["lid"], ["screws"], [])

    shown.tell(step(cycle, "lid", Verdict.MISSED), 20.0)
    assert validate(shown.state(AT + 20))["cycle"]["missed"] == ["lid"]


def test_a_unit_that_is_over_is_the_last_one() -> None:
    shown, cycle = board(), cycle_event()
    shown.tell(cycle, 1.0)
    shown.tell(replace(cycle_event(phase=CyclePhase.COMPLETED), cycle_id=cycle.cycle_id, left=("lid",)), 60.0)
    state = validate(shown.state(AT + 60))

    assert state["cycle"] is None
    assert state["last_cycle"]["cycle_id"] == str(cycle.cycle_id)
    assert (state["last_cycle"]["deviation_s"], state["last_cycle"]["left"]) == (5.0, ["lid"])
    assert state["counts"]["cycles"] == {"completed": 1}


def test_a_verdict_that_is_revised_counts_once() -> None:
    shown, judged = board(), step_event(verdict=Verdict.PREMATURE)
    shown.tell(judged, 4.0)
    shown.tell(replace(judged, verdict=Verdict.DONE, revision=1), 5.0)

    assert validate(shown.state(AT + 6))["counts"]["verdicts"] == {"done": 1}
    assert validate(shown.last("1m", AT + 6, 6.0))["verdicts"] == {"done": 1}
    assert validate(shown.lamp(AT + 6))["colour"] == "green"


def test_the_lamp_says_why_and_who_comes() -> None:
    shown, judged = board(), step_event()
    shown.tell(judged, 4.0)
    lamp = validate(shown.lamp(AT + 5))
    assert (lamp["colour"], lamp["reason"], lamp["about"]["step"]) == ("red", "missed", "seal")
    assert lamp["about"]["unit_id"] == "SN-0042"
    shown.andon.acknowledge("anna", AT + 9)
    lamp = validate(shown.lamp(AT + 10))
    assert (lamp["acknowledged"], lamp["acknowledged_by"]) == (True, "anna")


def test_aggregates_go_by_the_time_that_passed_whatever_the_wall_clock_is_set_to() -> None:
    shown = board()
    hour_back = -3600.0
    one = started(at=AT)
    shown.tell(one, 0.5)
    two = started("hold", at=AT + 20 + hour_back)
    shown.tell(two, 20.5)
    shown.tell(ended(two, AT + 30 + hour_back), 30.5)
    last = validate(shown.last("1m", AT + 40 + hour_back, 40.0))

    assert last["actions"]["tighten"]["dwell_s"]["total"] == pytest.approx(40.0, abs=0.6)
    assert last["actions"]["hold"]["dwell_s"] == {"total": 10.0, "mean": 10.0, "max": 10.0}


def test_what_a_killed_process_left_open_is_nobodys_count() -> None:
    shown = board()
    left = replace(ended(started(), AT + 900, Reason.INTERRUPTED), duration_s=None)
    shown.tell(left, 1.0)

    assert validate(shown.state(AT + 1))["counts"]["actions"] == {}
    assert validate(shown.last("15m", AT + 1, 1.0))["actions"] == {}


events = st.lists(
    st.one_of(
        st.tuples(st.just("act"), st.sampled_from("abc"), st.integers(0, 6)),
        st.tuples(st.just("step"), st.sampled_from(list(Verdict)), st.integers(0, 4)),
        st.tuples(st.just("cycle"), st.sampled_from(list(CyclePhase)), st.integers(0, 4)),
    ),
    max_size=60,
)


@given(events, st.lists(st.floats(0, 400), max_size=60))
def test_every_document_is_valid_and_counts_what_was_told(
    told: list[tuple[str, object, int]], gaps: list[float]
) -> None:
    shown, passed_s, open_ = board(), 0.0, {}
    ids = [UUID(int=n) for n in range(10)]
    began: Counter[str] = Counter()
    for n, (kind, what, number) in enumerate(told):
        passed_s += gaps[n] if n < len(gaps) else 1.0
        at = AT + passed_s
        if kind == "act" and number in open_:
            shown.tell(ended(open_.pop(number), at), passed_s)
        elif kind == "act":
            open_[number] = started(str(what), at, 0.0, action_id=uuid4())
            began[str(what)] += 1
            shown.tell(open_[number], passed_s)
        elif kind == "step":
            assert isinstance(what, Verdict)
            shown.tell(replace(step_event(verdict=what), step_id=ids[number], decided_at=at), passed_s)
        else:
            assert isinstance(what, CyclePhase)
            over = {} if what is CyclePhase.STARTED else {"reason": Ending.FINISHED}
            shown.tell(replace(cycle_event(phase=what), cycle_id=ids[number], **over), passed_s)  # type: ignore[arg-type]
        state = validate(shown.state(at))
        assert state["open_count"] == len(open_)
        assert state["counts"]["actions"] == began
        validate(shown.lamp(at))
        for window in WINDOWS:
            validate(shown.last(window, at, passed_s))
