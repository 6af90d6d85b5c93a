"""Payloads, read by an independent hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.sinks.sparkplug.payload import DataType, Metric, Payload, Unreadable, read, written
from tests.streamer.sinks.sparkplug.decoding import decoded

VALUES = {
    DataType.INT32: st.integers(-(2**31), 2**31 - 1),
    DataType.INT64: st.integers(-(2**63), 2**63 - 1),
    DataType.DOUBLE: st.floats(allow_nan=False),
    DataType.BOOLEAN: st.booleans(),
    DataType.STRING: st.text(),
}
METRICS = st.one_of(
    *(
        st.builds(Metric, st.text(min_size=1), st.just(type_), st.none() | values, st.integers(0, 2**48))
        for type_, values in VALUES.items()
    )
)


@given(st.lists(METRICS, unique_by=lambda metric: metric.name), st.integers(1, 2**48), st.integers(0, 255))
def test_what_is_written_says_what_was_meant_to_any_reader(metrics: list[Metric], at: int, seq: int) -> None:
    data = written(Payload(tuple(metrics), at, seq))

    known = decoded(data)

    assert (known.timestamp, known.seq) == (at, seq)
    assert known.values == {metric.name: metric.value for metric in metrics}
    assert known.at == {metric.name: metric.timestamp_ms for metric in metrics}
    names = {DataType.INT32: "Int32", DataType.INT64: "Int64", DataType.DOUBLE: "Double",
             DataType.BOOLEAN: "Boolean", DataType.STRING: "String"}  # fmt: skip
    assert known.types == {metric.name: names[metric.type] for metric in metrics}


@given(st.lists(METRICS.filter(lambda metric: metric.timestamp_ms != 0)), st.integers(1, 2**48))
def test_what_is_written_is_read_again(metrics: list[Metric], at: int) -> None:
    payload = Payload(tuple(metrics), at, 7)
    assert read(written(payload)) == payload


def test_a_death_has_no_number() -> None:
    assert decoded(written(Payload((), 5))).seq is None


@given(st.binary())
def test_bytes_that_are_no_payload_are_told_as_such(data: bytes) -> None:
    try:
        read(data)
    except Unreadable:
        return
    assert read(data).metrics == read(data).metrics


def test_what_hosts_send_may_have_more_or_less_than_we_write() -> None:
    # metric 2 {name "Node Control/Rebirth", alias 9 (field 2), boolean true (14)}, uuid (4) "x"; no type, no seq
    name = b"Node Control/Rebirth"
    metric = b"\x0a" + bytes([len(name)]) + name + b"\x10\x09" + b"\x70\x01"
    (one,) = read(b"\x12" + bytes([len(metric)]) + metric + b"\x22\x01x").metrics
    assert (one.name, one.value, one.type) == ("Node Control/Rebirth", True, DataType.BOOLEAN)


def test_a_name_that_is_no_text_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(b"\x12\x05\x0a\x01\xff\x70\x01")


def test_a_truncated_payload_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read(written(Payload((Metric("a", DataType.STRING, "text", 1),), 1, 1))[:-1])
