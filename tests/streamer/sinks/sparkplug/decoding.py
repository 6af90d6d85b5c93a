"""Sparkplug payloads read by hand, byte after byte, knowing nothing of how ours are made (Sparkplug 3.0.0, 6.4)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

TYPES = {3: "Int32", 4: "Int64", 10: "Double", 11: "Boolean", 12: "String"}


@dataclass(slots=True)
class Decoded:
    """A payload; values by the metrics' names."""

    timestamp: int | None = None
    seq: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    at: dict[str, int] = field(default_factory=dict)


def decoded(data: bytes) -> Decoded:
    payload = Decoded()
    for number, value in _fields(data):
        if number == 1:
            payload.timestamp = int(value)
        elif number == 2:
            _metric(value, payload)
        elif number == 3:
            payload.seq = int(value)
        else:
            raise AssertionError(f"field {number} of a payload")
    return payload


def _metric(data: bytes, payload: Decoded) -> None:
    fields = dict(_fields(data))
    name, kind = fields.pop(1).decode(), TYPES[fields.pop(4)]
    assert name not in payload.values, f"{name} twice"
    payload.types[name] = kind
    payload.at[name] = fields.pop(3)
    if fields.pop(7, 0):
        payload.values[name] = None
    elif kind in ("Int32", "Int64"):
        bits = int(kind[3:])
        raw = fields.pop(10 if bits == 32 else 11)
        payload.values[name] = raw - (1 << bits) if raw >= 1 << (bits - 1) else raw
    elif kind == "Double":
        payload.values[name] = struct.unpack("<d", fields.pop(13))[0]
    elif kind == "Boolean":
        payload.values[name] = bool(fields.pop(14))
    else:
        payload.values[name] = fields.pop(15).decode()
    assert not fields, f"{name} holds more: {fields}"


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield number, value
        elif kind == 1:
            yield number, data[at : at + 8]
            at += 8
        elif kind == 2:
            size, at = _varint(data, at)
            assert at + size <= len(data)
            yield number, data[at : at + size]
            at += size
        else:
            raise AssertionError(f"wire type {kind}")


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
