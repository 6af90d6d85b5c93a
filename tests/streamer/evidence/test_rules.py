"""Which events are shown, and which seconds of them."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from streamer.event import Phase, Reason, StepEvent, Verdict
from streamer.evidence.rules import ALL, EvidenceRule
from streamer.testing.messages import action_event, open_action

ANY = EvidenceRule(actions=frozenset({ALL}), verdicts=frozenset({ALL}), phases=frozenset({"started", "ended"}))


def step(verdict: Verdict, at: float = 100.0, decided_at: float = 100.0) -> StepEvent:
    return StepEvent(uuid4(), "cam", "bench", "gearbox", uuid4(), "tighten", verdict, at, decided_at)


def test_by_default_nothing_is_kept() -> None:
    assert not EvidenceRule().keeps_any
    assert not EvidenceRule().wants(action_event())
    assert not EvidenceRule().wants(step(Verdict.MISSED))


def test_all_stands_for_every_one() -> None:
    assert ANY.wants(action_event())
    assert all(ANY.wants(step(verdict)) for verdict in Verdict)


def test_actions_verdicts_and_phases_are_chosen_by_name() -> None:
    chosen = EvidenceRule(actions=frozenset({"tighten"}), verdicts=frozenset({"missed"}))
    assert chosen.wants(action_event())
    assert not chosen.wants(action_event(phase=Phase.ENDED))
    assert not replace(chosen, actions=frozenset({"loosen"})).wants(action_event())
    assert chosen.wants(step(Verdict.MISSED))
    assert not chosen.wants(step(Verdict.DONE))


def test_of_what_a_crash_left_open_there_are_no_pictures() -> None:
    assert not ANY.wants(open_action().interrupted(1_700_000_100.0))
    assert ANY.wants(action_event(phase=Phase.ENDED, reason=Reason.SOURCE_LOST))


def test_a_start_is_shown_with_what_was_before_and_after() -> None:
    event = action_event()
    assert ANY.span(event) == (event.at - 5.0, event.at + 5.0)


def test_an_end_is_shown_from_the_start_of_the_action() -> None:
    event = action_event(phase=Phase.ENDED)
    assert ANY.span(event) == (event.started_at - 5.0, event.at + 5.0)


def test_of_what_took_long_the_last_is_shown() -> None:
    event = replace(action_event(phase=Phase.ENDED), started_at=1_699_999_000.0)
    assert ANY.span(event) == (event.at + 5.0 - 30.0, event.at + 5.0)


def test_a_verdict_is_shown_from_its_step_to_its_decision() -> None:
    assert ANY.span(step(Verdict.OVERTIME, at=90.0)) == (85.0, 105.0)


@pytest.mark.parametrize(
    ("rule", "seconds"),
    [
        (EvidenceRule(actions=frozenset({ALL})), 20.0),
        (EvidenceRule(actions=frozenset({ALL}), phases=frozenset({"ended"})), 40.0),
        (EvidenceRule(verdicts=frozenset({"missed"})), 40.0),
        (EvidenceRule(actions=frozenset({ALL}), before_s=60.0), 40.0),
    ],
)
def test_as_much_is_remembered_as_a_clip_may_need(rule: EvidenceRule, seconds: float) -> None:
    assert rule.reaches_back_s == seconds
