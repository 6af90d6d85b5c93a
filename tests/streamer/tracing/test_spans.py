"""The spans of a trace lie end to end, whatever is known and whatever clocks did."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from streamer.testing.messages import action_event, step_event
from streamer.tracing.ids import ROOT
from streamer.tracing.spans import Sending, Span, sent, whole
from streamer.tracing.way import Way
from streamer.wire import Message, action_message, step_message

MESSAGE = action_message(replace(action_event(), model="cell-1"), "rtcp")
T0 = MESSAGE.captured_at
ORDINARY = Way(T0 + 0.04, T0 + 0.05, T0 + 0.09, T0 + 0.1, T0 + 0.101, batch=3)
TAKEN = Sending("main", "mqtt", T0 + 0.2, T0 + 0.25)

moments = st.floats(T0 - 1e5, T0 + 1e5)
maybe = st.none() | moments
ways = st.builds(Way, maybe, maybe, maybe, maybe, maybe, st.none() | st.integers(1, 64))


def children(spans: list[Span]) -> list[Span]:
    return [span for span in spans if span.parent_id is not None]


def names(spans: list[Span]) -> list[str]:
    return [span.name for span in spans]


@given(ways, maybe, moments, moments)
def test_they_fill_the_time_from_glass_to_event(way: Way, durable: float | None, began: float, ended: float) -> None:
    spans = whole(MESSAGE, way, durable, Sending("main", "mqtt", began, ended))

    (root,) = (span for span in spans if span.parent_id is None)
    parts = children(spans)
    assert all(span.start_ns <= span.end_ns for span in spans)
    assert (parts[0].start_ns, parts[-1].end_ns) == (root.start_ns, root.end_ns)
    assert all(one.end_ns == following.start_ns for one, following in pairwise(parts))
    assert {span.parent_id for span in parts} == {root.span_id}
    assert len({span.span_id for span in spans}) == len(spans)
    assert {span.trace_id for span in spans} == {MESSAGE.key.int}
    assert root.start_ns <= round(T0 * 1e9)


def test_an_ordinary_trace_says_how_long_each_stage_took() -> None:
    root, *parts = whole(MESSAGE, ORDINARY, T0 + 0.103, TAKEN)

    assert names([root, *parts]) == [
        ROOT, "decode", "queue", "infer", "decide", "store", "wait", "publish cam/events",
    ]  # fmt: skip
    assert [round((span.end_ns - span.start_ns) / 1e6) for span in parts] == [40, 10, 40, 10, 3, 97, 50]
    assert round((root.end_ns - root.start_ns) / 1e6) == 250


def test_a_trace_says_what_it_is_of() -> None:
    root, *parts = whole(MESSAGE, ORDINARY, None, TAKEN)

    assert root.attributes == {
        "takt.stream": "cam",
        "takt.watch": "bench",
        "takt.epoch": 1,
        "takt.type": "action",
        "takt.action": "tighten",
        "takt.phase": "started",
        "takt.model": "cell-1",
        "takt.clock": "rtcp",
    }
    by_name = {span.name: span for span in parts}
    assert by_name["infer"].attributes["takt.batch_size"] == 3
    assert by_name["infer"].attributes["takt.model"] == "cell-1"
    publish = by_name["publish cam/events"]
    assert publish.sends
    assert publish.attributes["messaging.system"] == "mqtt"
    assert publish.attributes["messaging.operation.type"] == "send"
    assert publish.attributes["messaging.destination.name"] == "cam/events"
    assert publish.attributes["messaging.message.id"] == str(MESSAGE.key)
    assert not any(span.sends for span in [root, *parts[:-1]])


def test_a_step_says_its_verdict() -> None:
    root, *_ = whole(step_message(step_event(), "arrival"), Way(), None, TAKEN)

    assert root.attributes["takt.step"] == "seal"
    assert root.attributes["takt.verdict"] == "missed"


def test_what_is_not_known_is_no_span() -> None:
    assert names(children(whole(MESSAGE, Way(), None, TAKEN))) == ["wait", "publish cam/events"]


def test_a_camera_whose_clock_is_ahead_counts_from_our_first_moment() -> None:
    root, decode, queue, *_ = whole(replace(MESSAGE, captured_at=T0 + 9), ORDINARY, None, TAKEN)

    assert root.start_ns == decode.start_ns == decode.end_ns == round((T0 + 0.04) * 1e9)
    assert queue.end_ns > queue.start_ns


def test_what_is_sent_again_is_a_span_of_its_own_that_goes_back_to_the_first() -> None:
    first = whole(MESSAGE, ORDINARY, None, TAKEN)[-1]
    again = replayed(MESSAGE)
    once, twice = (sent(again, replace(TAKEN, began_at=T0 + at, ended_at=T0 + at + 1)) for at in (50, 60))

    assert len({first.span_id, once.span_id, twice.span_id}) == 3
    assert once.linked == twice.linked == first.span_id
    assert once.parent_id == first.parent_id
    assert once.attributes["takt.replayed"] is True


def test_each_sink_has_a_span_of_its_own() -> None:
    ours = sent(MESSAGE, TAKEN)
    theirs = sent(MESSAGE, replace(TAKEN, sink="mes", system="webhook"))

    assert ours.span_id != theirs.span_id
    assert theirs.linked is None
    assert theirs.attributes["takt.sink"] == "mes"


def test_a_message_that_is_refused_for_good_is_an_error() -> None:
    root, *_, publish = whole(MESSAGE, ORDINARY, None, replace(TAKEN, refused="not_authorized"))

    assert root.error == publish.error == "not_authorized"
    assert publish.attributes["error.type"] == "not_authorized"


def replayed(message: Message) -> Message:
    return replace(message, properties={**message.properties, "replayed": "true"})
