"""Events in CloudEvents envelopes, judged by the published schema and by the SDK of CloudEvents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from streamer.event import Actor, CyclePhase, GapEvent, Phase, Reason
from streamer.sinks.encoding import PLAIN, cloudevents, schema_urn
from streamer.testing.messages import action_event, cycle_event, message, step_event
from streamer.wire import Message, action_message, cycle_message, gap_message, step_message

SCHEMAS = Path(__file__).parents[3] / "config/schema"
ENVELOPE = Draft202012Validator(
    json.loads((SCHEMAS / "cloudevent.v1.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)
BY_ID = {schema["$id"]: schema for schema in (json.loads(path.read_text()) for path in SCHEMAS.glob("*.json"))}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01"


def stored(one: Message, seq: int = 7, term: int = 1_700_000_000) -> Message:
    """As the outbox numbers it."""
    return replace(one, seq=seq, term=term)


def written(one: Message, service: str = "takt-line1") -> dict[str, Any]:
    event: dict[str, Any] = json.loads(cloudevents(service).write(one))
    return event


KINDS = {
    "action": action_message(action_event(), "arrival"),
    "end of an action": action_message(action_event(phase=Phase.ENDED), "rtcp"),
    "action of somebody": action_message(action_event(actor=Actor(3, (0.1, 0.2, 0.3, 0.4))), "arrival"),
    "step": step_message(step_event(), "arrival"),
    "start of a cycle": cycle_message(cycle_event(), "arrival"),
    "loss": gap_message(
        GapEvent("cam", "action", 3, "budget", 1_700_000_000.0, first=4, last=6, term=1_700_000_000, sinks=("main",))
    ),
    "end of a cycle": cycle_message(cycle_event(phase=CyclePhase.COMPLETED), "arrival"),
}


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS.keys())
def test_every_kind_of_event_is_a_cloudevent_around_its_plain_self(one: Message) -> None:
    event = written(stored(one))

    ENVELOPE.validate(event)
    assert event["data"] == json.loads(PLAIN.write(stored(one)))
    Draft202012Validator(BY_ID[event["dataschema"]]).validate(event["data"])


@pytest.mark.parametrize("one", KINDS.values(), ids=KINDS.keys())
def test_the_sdk_of_cloudevents_reads_what_was_meant(one: Message) -> None:
    event = JSONFormat().read(CloudEvent, cloudevents("takt-line1").write(stored(one)))

    assert event.get_id() == str(one.key)
    place = "/".join(str(part) for part in (one.stream, one.body.get("watch")) if part)
    assert event.get_source() == f"urn:takt:source:takt-line1/{place}"
    assert event.get_time().isoformat(timespec="milliseconds").replace("+00:00", "Z") == one.body["at"]  # type: ignore[union-attr]
    assert event.get_data()["seq"] == 7  # type: ignore[call-overload, index]


def test_the_type_says_what_happened_and_the_subject_to_what() -> None:
    told = {kind: (written(one)["type"], written(one).get("subject")) for kind, one in KINDS.items()}

    assert told["action"] == ("io.taktstream.action.started", "tighten")
    assert told["end of an action"] == ("io.taktstream.action.ended", "tighten")
    assert told["step"] == ("io.taktstream.step.missed", "seal")
    assert told["loss"] == ("io.taktstream.gap", None)
    assert told["start of a cycle"] == ("io.taktstream.cycle.started", "gearbox")


@given(st.lists(st.tuples(st.integers(1, 2**31), st.integers(1, 10**9)), min_size=2))
def test_sequences_are_ordered_as_texts_as_the_events_are(places: list[tuple[int, int]]) -> None:
    texts = [written(stored(message(), seq, term))["sequence"] for term, seq in places]

    assert [place for _, place in sorted(zip(texts, places, strict=True))] == sorted(places)


def test_the_trace_is_told_where_there_is_one() -> None:
    one = replace(message(), properties={"traceparent": TRACE})

    assert written(stored(one))["traceparent"] == TRACE
    assert "traceparent" not in written(stored(message()))
    ENVELOPE.validate(written(stored(one)))


@given(service=st.text(min_size=1))
def test_whatever_the_service_is_called_its_source_is_a_uri(service: str) -> None:
    ENVELOPE.validate(written(stored(message()), service.encode("utf-8", "ignore").decode() or "takt"))


@pytest.mark.parametrize("reason", Reason)
def test_an_end_is_a_cloudevent_for_whatever_reason(reason: Reason) -> None:
    actor = Actor(1, (0.0, 0.0, 1.0, 1.0))
    ENVELOPE.validate(written(stored(action_message(action_event("cam", Phase.ENDED, 0, reason, actor), "arrival"))))


def test_schemas_are_named_by_their_id() -> None:
    assert schema_urn("takt.event.v1") in BY_ID
