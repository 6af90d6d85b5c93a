"""What holds of every monitor, whatever is recognized, invented, overlooked or out of sight."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.event import CycleEvent, Reason, StepEvent, Verdict
from streamer.procedure.graph import Procedure, Step
from streamer.procedure.monitor import Told
from tests.streamer.procedure.test_graph import orders
from tests.streamer.procedure.work import Bench, action


@dataclass(frozen=True, slots=True)
class Happening:
    at: float
    kind: str
    name: str
    lasts_s: float
    reason: Reason


happenings = st.lists(
    st.builds(
        Happening,
        at=st.floats(0, 300),
        kind=st.sampled_from(["act", "act", "act", "blind", "wait"]),
        name=st.sampled_from(["s0", "s1", "s2", "s3", "other", "undo", "scrap"]),
        lasts_s=st.floats(0.1, 40),
        reason=st.sampled_from([Reason.COMPLETED, Reason.COMPLETED, Reason.SOURCE_LOST]),
    ),
    max_size=25,
    unique_by=lambda one: (one.name, one.at),  # no two actions have the same id
)


@st.composite
def procedures(draw: st.DrawFn) -> Procedure:
    steps = tuple(
        Step(
            one.name,
            one.name,
            one.after,
            optional=draw(st.booleans()),
            repeat=draw(st.integers(1, 2)),
            min_s=draw(st.sampled_from([0.0, 3.0])),
            max_s=draw(st.sampled_from([None, 10.0])),
            undone_by=draw(st.sampled_from([None, "undo"])),
        )
        for one in draw(orders())
    )
    names = st.sampled_from([None, *(step.name for step in steps)])
    return Procedure("w", steps, (), 60, draw(names), draw(names), "scrap", idle_s=draw(st.sampled_from([20.0, 100.0])))


def acted(procedure: Procedure, what: list[Happening]) -> list[Told]:
    bench = Bench(procedure)
    blind_until = -math.inf
    moments: list[tuple[float, int, str, Happening]] = []
    for n, one in enumerate(sorted(what, key=lambda one: one.at)):
        if one.kind == "blind" and one.at > blind_until:
            blind_until = one.at + one.lasts_s
            moments += [(one.at, n, "lost", one), (blind_until, n, "back", one)]
        elif one.kind != "blind":
            moments += [(one.at, n, one.kind, one), (one.at + one.lasts_s, n, f"{one.kind} over", one)]
    for at, _, kind, one in sorted(moments, key=lambda moment: moment[:2]):
        if kind == "act":
            bench.told += bench.monitor.observe(action(one.name, at))
        elif kind == "act over":
            bench.told += bench.monitor.observe(action(one.name, one.at, at, one.reason))
        elif kind == "lost":
            bench.told += bench.monitor.lost_sight(at)
        elif kind == "back":
            bench.told += bench.monitor.regained_sight(at)
        else:
            bench.told += bench.monitor.passed(at)
    bench.told += bench.monitor.close(1000)
    return bench.told


@given(procedures(), happenings)
@settings(max_examples=80, deadline=None)
def test_every_unit_begins_once_and_ends_once_and_units_do_not_overlap(
    procedure: Procedure, what: list[Happening]
) -> None:
    phases = [one for one in acted(procedure, what) if isinstance(one, CycleEvent)]
    assert [one.phase == "started" for one in phases] == [n % 2 == 0 for n in range(len(phases))]
    for start, end in zip(phases[::2], phases[1::2], strict=True):
        assert start.cycle_id == end.cycle_id
        assert end.took_s is not None
        assert end.took_s >= 0
    assert len({one.cycle_id for one in phases[::2]}) == len(phases) // 2


@given(procedures(), happenings)
@settings(max_examples=80, deadline=None)
def test_revisions_count_up_and_the_last_is_never_premature(procedure: Procedure, what: list[Happening]) -> None:
    told = acted(procedure, what)
    steps = [one for one in told if isinstance(one, StepEvent)]
    assert len({one.event_id for one in told}) == len(told)
    for step_id in {one.step_id for one in steps}:
        revisions = [one for one in steps if one.step_id == step_id]
        assert [one.revision for one in revisions] == list(range(len(revisions)))
        assert revisions[-1].verdict is not Verdict.PREMATURE
        assert len({(one.step, one.cycle_id, one.at) for one in revisions}) == 1
    moments = [one.decided_at for one in told]
    assert moments == sorted(moments)


@given(procedures(), happenings)
@settings(max_examples=80, deadline=None)
def test_a_complete_unit_has_a_verdict_on_everything_that_had_to_be_done(
    procedure: Procedure, what: list[Happening]
) -> None:
    told = acted(procedure, what)
    for end in (one for one in told if isinstance(one, CycleEvent) and one.phase == "completed"):
        newest = {one.step_id: one for one in told if isinstance(one, StepEvent) and one.cycle_id == end.cycle_id}
        judged = {one.step for one in newest.values()}
        assert judged >= {"|".join(sorted(clause)) for clause in procedure.required()}
        assert {one.step for one in newest.values() if one.verdict is Verdict.MISSED} <= set(end.left)


@given(procedures(), happenings, st.floats(0, 5))
@settings(max_examples=80, deadline=None)
def test_nothing_is_missed_while_the_camera_is_blind_from_first_to_last(
    procedure: Procedure, what: list[Happening], early: float
) -> None:
    """Recognitions that reach us all the same (late, or of another region) do not make the camera see."""
    seen = [one for one in what if one.kind != "blind"]
    blind = Happening(-early, "blind", "", 2000, Reason.COMPLETED)
    steps = [one for one in acted(procedure, [blind, *seen]) if isinstance(one, StepEvent)]
    assert not [one for one in steps if one.verdict is Verdict.MISSED]


@given(procedures(), happenings)
@settings(max_examples=80, deadline=None)
def test_what_is_missing_really_must_come_before(procedure: Procedure, what: list[Happening]) -> None:
    from streamer.procedure.graph import closure

    before = closure(procedure.steps)
    for one in acted(procedure, what):
        if isinstance(one, StepEvent) and one.missing:
            assert set(one.missing) <= {"|".join(sorted(clause)) for clause in before[one.step]}
