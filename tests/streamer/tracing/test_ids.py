"""Whoever holds an event's id knows its trace, and whether it is kept."""

from __future__ import annotations

import re
from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from streamer.event import EVENT_NAMESPACE
from streamer.tracing.ids import ROOT, is_sampled, says_sampled, span_id, trace_id, traceparent

EVENT = uuid5(EVENT_NAMESPACE, "one")


def test_a_trace_is_called_as_its_event() -> None:
    assert f"{trace_id(EVENT):032x}" == EVENT.hex


@given(st.uuids(), st.text(max_size=20), st.text(max_size=20))
def test_spans_have_names_of_their_own_that_are_always_the_same(event: UUID, one: str, other: str) -> None:
    assert 0 < span_id(event, one) < 1 << 64
    assert (span_id(event, one) == span_id(UUID(int=event.int), other)) == (one == other)


@pytest.mark.parametrize("sampled", [True, False])
def test_others_read_of_a_message_where_they_belong(sampled: bool) -> None:
    text = traceparent(EVENT, sampled)

    known = get_current_span(TraceContextTextMapPropagator().extract({"traceparent": text})).get_span_context()
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", text)
    assert (known.trace_id, known.span_id) == (trace_id(EVENT), span_id(EVENT, ROOT))
    assert known.trace_flags.sampled == sampled == says_sampled(text)


@given(st.text())
def test_any_other_text_belongs_to_no_trace_that_is_kept(text: str) -> None:
    assert not says_sampled(text)


def test_a_share_of_the_events_is_sampled() -> None:
    events = [uuid5(EVENT_NAMESPACE, str(n)) for n in range(4000)]
    for share in (0.0, 0.1, 0.5, 1.0):
        assert sum(is_sampled(one, share) for one in events) / len(events) == pytest.approx(share, abs=0.03)


@given(st.uuids(), st.floats(0, 1), st.floats(0, 1))
def test_what_is_sampled_stays_so_where_the_share_is_larger(event: UUID, one: float, other: float) -> None:
    smaller, larger = sorted((one, other))
    assert is_sampled(event, smaller) <= is_sampled(event, larger)
