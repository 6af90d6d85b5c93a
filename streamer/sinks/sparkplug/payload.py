"""Sparkplug B payloads as bytes. The door to protobuf.

The message is described here by the numbers and types of its fields (Sparkplug 3.0.0, 6.4), as far as they are used: no
library that brings the official file works beside ours (ADR 14). What else a payload holds is skipped when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from typing import Any


class DataType(IntEnum):
    """Those that are used; the numbers are Sparkplug's."""

    INT32 = 3
    INT64 = 4
    DOUBLE = 10
    BOOLEAN = 11
    STRING = 12


Value = bool | int | float | str | None
FIELDS = {
    DataType.INT32: "int_value",
    DataType.INT64: "long_value",
    DataType.DOUBLE: "double_value",
    DataType.BOOLEAN: "boolean_value",
    DataType.STRING: "string_value",
}
"""Where a value stands. Integers stand there without a sign, as two's complement."""
BITS = {DataType.INT32: 32, DataType.INT64: 64}


class Unreadable(Exception):
    """Bytes that are no payload."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A value with its name."""

    name: str
    type: DataType
    value: Value
    """None: there is none, which is told."""
    timestamp_ms: int | None = None
    """Unix milliseconds at which it came about."""


@dataclass(frozen=True, slots=True)
class Payload:
    metrics: tuple[Metric, ...]
    timestamp_ms: int | None = None
    """Unix milliseconds of the sending."""
    seq: int | None = None
    """0 to 255; None: not told, as in a death certificate."""


def written(payload: Payload) -> bytes:
    message = _payload_class()()
    if payload.timestamp_ms is not None:
        message.timestamp = payload.timestamp_ms
    if payload.seq is not None:
        message.seq = payload.seq
    for metric in payload.metrics:
        one = message.metrics.add(name=metric.name, datatype=metric.type)
        if metric.timestamp_ms is not None:
            one.timestamp = metric.timestamp_ms
        if metric.value is None:
            one.is_null = True
        else:
            setattr(one, FIELDS[metric.type], _unsigned(metric.type, metric.value))
    data: bytes = message.SerializeToString()
    return data


def read(data: bytes) -> Payload:
    """Metrics of types that are not used here have no value.

    Raises:
        Unreadable: no payload.
    """
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - an extra

    message = _payload_class()()
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise Unreadable(str(error)) from None
    seq = message.seq if message.HasField("seq") else None
    return Payload(tuple(_metrics(message.metrics)), message.timestamp or None, seq)


def _metrics(messages: Iterable[Any]) -> Iterable[Metric]:
    for one in messages:
        field = one.WhichOneof("value")
        # Hosts may leave the type of a command out: its name says it.
        known = one.datatype or next((number for number, name in FIELDS.items() if name == field), 0)
        if known not in FIELDS:
            continue
        type_ = DataType(known)
        value = None if field is None or one.is_null else _signed(type_, getattr(one, field))
        if isinstance(one.name, bytes) or isinstance(value, bytes):
            raise Unreadable("a text is not in UTF-8")
        yield Metric(one.name, type_, value, one.timestamp or None)


def _unsigned(type_: DataType, value: Value) -> Value:
    return value % (1 << BITS[type_]) if type_ in BITS and isinstance(value, int) else value


def _signed(type_: DataType, value: Value) -> Value:
    if type_ in BITS and isinstance(value, int) and value >= 1 << (BITS[type_] - 1):
        return value - (1 << BITS[type_])
    return value


@cache
def _payload_class() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # noqa: PLC0415 - an extra

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="taktstream/sparkplug.proto", package="taktstream", syntax="proto2")
    payload = file.message_type.add(name="Payload")
    metric = payload.nested_type.add(name="Metric")
    metric.oneof_decl.add(name="value")
    for name, number, type_ in (
        ("name", 1, field.TYPE_STRING),
        ("timestamp", 3, field.TYPE_UINT64),
        ("datatype", 4, field.TYPE_UINT32),
        ("is_null", 7, field.TYPE_BOOL),
    ):
        metric.field.add(name=name, number=number, type=type_, label=field.LABEL_OPTIONAL)
    for name, number, type_ in (
        ("int_value", 10, field.TYPE_UINT32),
        ("long_value", 11, field.TYPE_UINT64),
        ("double_value", 13, field.TYPE_DOUBLE),
        ("boolean_value", 14, field.TYPE_BOOL),
        ("string_value", 15, field.TYPE_STRING),
    ):
        metric.field.add(name=name, number=number, type=type_, label=field.LABEL_OPTIONAL, oneof_index=0)
    payload.field.add(name="timestamp", number=1, type=field.TYPE_UINT64, label=field.LABEL_OPTIONAL)
    payload.field.add(
        name="metrics",
        number=2,
        type=field.TYPE_MESSAGE,
        label=field.LABEL_REPEATED,
        type_name=".taktstream.Payload.Metric",
    )
    payload.field.add(name="seq", number=3, type=field.TYPE_UINT64, label=field.LABEL_OPTIONAL)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("taktstream.Payload"))
