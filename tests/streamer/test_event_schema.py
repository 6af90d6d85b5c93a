"""Every message the service can write is valid under its published schema."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError

from streamer.event import Actor, Evidence, Phase, Reason
from streamer.testing.messages import action_event, open_action
from streamer.wire import action_message, envelope

SCHEMA = json.loads((Path(__file__).parents[2] / "config/schema/event.v1.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def payload(event, clock: str = "arrival") -> dict[str, Any]:  # type: ignore[no-untyped-def]
    return json.loads(envelope(replace(action_message(event, clock), seq=1, term=1)))  # type: ignore[no-any-return]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@given(
    phase=st.sampled_from(Phase),
    reason=st.sampled_from(Reason),
    number=st.integers(0, 10**9),
    clock=st.sampled_from(["rtcp", "arrival", "replay"]),
    score=st.floats(0, 1),
    model=st.sampled_from(["", "3f2a9c81b7d0"]),
    actor=st.none() | st.builds(Actor, st.integers(1), st.tuples(*[st.floats(0, 1)] * 4)),
)
def test_every_action_message_is_valid(
    phase: Phase, reason: Reason, number: int, clock: str, score: float, model: str, actor: Actor | None
) -> None:
    assume(actor is not None or reason is not Reason.ACTOR_LEFT)
    event = replace(action_event(phase=phase, number=number, reason=reason, actor=actor), score=score, model=model)
    written = payload(event, clock)

    VALIDATOR.validate(written)
    assert set(written) <= set(SCHEMA["properties"])
    assert written.get("model", "") == model


def test_the_end_of_an_interrupted_action_is_valid() -> None:
    VALIDATOR.validate(payload(open_action().interrupted(1_800_000_000.0)))
    known = payload(open_action(actor=Actor(3, (0.1, 0.2, 0.3, 0.4))).interrupted(1_800_000_000.0))
    VALIDATOR.validate(known)
    assert known["actor"] == {"id": 3, "box": [0.1, 0.2, 0.3, 0.4]}


def test_a_message_says_who_only_where_people_are_told_apart() -> None:
    assert "actor" not in payload(action_event())
    with pytest.raises(ValidationError, match="'actor' is a required property"):
        VALIDATOR.validate(payload(action_event(phase=Phase.ENDED, reason=Reason.ACTOR_LEFT)))


def test_pictures_are_named_by_address_where_they_are_kept() -> None:
    assert "evidence" not in payload(action_event())
    shown = replace(action_event(), evidence=Evidence(1_700_000_007.25, clip="http://here:9464/evidence/7.mp4"))
    written = payload(shown)
    VALIDATOR.validate(written)
    assert written["evidence"] == {"clip": "http://here:9464/evidence/7.mp4", "ready_at": "2023-11-14T22:13:27.250Z"}
    picture = replace(shown, evidence=Evidence(1_700_000_007.25, snapshot="http://here:9464/evidence/7.jpg"))
    VALIDATOR.validate(payload(picture))


@pytest.mark.parametrize(
    "wrong",
    [
        {"actor": {"id": 0, "box": [0, 0, 1, 1]}},
        {"actor": {"id": 1, "box": [0, 0, 1]}},
        {"actor": {"id": 1, "box": [0, 0, 1, 1.1]}},
        {"actor": {"id": 1}},
        {"evidence": {"ready_at": "2023-11-14T22:13:27.250Z"}},
        {"evidence": {"clip": "http://here/7.mp4"}},
        {"seq": 0},
        {"phase": "begun"},
        {"at": "yesterday"},
        {"score": 1.5},
        {"event_id": "7"},
        {"reason": "completed"},
    ],
)
def test_what_breaks_the_contract_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VALIDATOR.validate(payload(action_event()) | wrong)
