"""Pickles that hold arrays, text and plain values, and nothing else: caffe2's weight files.

A pickle is a program for a stack machine that can call anything. This machine is our own: it knows the operations that
build plain values, and of all functions only those by which numpy writes arrays, which it does itself. Whatever else a
file asks for is refused by its name; nothing is imported for it and nothing is run. A few bytes can stand for values
that are nested or repeated without end: keys are words and whole numbers, which are compared at once; what is nested
deeper than weights ever are is refused, and so is what makes more of the file than there is in it.
"""

from __future__ import annotations

import math
import pickletools
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPE = re.compile(r"[|<>=]?[biuf][1248]")
_MARK = object()
_DEEPEST = 250
"""Values within values. Far fewer than the interpreter's own stack bears."""
_MOST_AXES = 32
"""Of numpy's arrays."""
_SMALL = 64
"""What is no longer is not counted."""


class Refused(Exception):
    """The file is no pickle of plain values; says what it holds."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A function or class that the file names. Never looked up."""

    name: str


@dataclass(slots=True)
class _Array:
    """An array, or a dtype, whose contents come after it."""

    value: Any = None


def plain(data: bytes) -> Any:
    """What a pickle holds. Text of Python 2 is text; arrays are numpy's.

    Raises:
        Refused: it holds something else, or is damaged.
    """
    machine = _Machine(room=3 * len(data))  # latin-1 text becomes bytes, and bytes an array
    try:
        for operation, argument, _ in pickletools.genops(data):
            machine.step(operation.name, argument)
        return _finished(machine.stack[-1], {})
    except Refused:
        raise
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise Refused(f"it is damaged ({error})") from error


def _finished(value: Any, known: dict[int, Any], depth: int = 0) -> Any:
    """Arrays in place of what stood for them. `known`: what was finished before, so that nothing is twice."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, _Name):
        raise Refused(f"it holds {value.name}")
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == _DEEPEST:
        raise Refused(f"its values are nested more than {_DEEPEST} deep")
    if id(value) not in known:
        if isinstance(value, dict):
            known[id(value)] = {key: _finished(item, known, depth + 1) for key, item in value.items()}
        else:
            known[id(value)] = type(value)(_finished(item, known, depth + 1) for item in value)
    return known[id(value)]


@dataclass(slots=True)
class _Machine:
    room: int
    """Characters and items that may still be made into something else."""
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)

    def step(self, name: str, argument: Any) -> None:
        if name in _PLAIN:
            self.stack.append(_PLAIN[name](argument))
        elif name in _OPERATIONS:
            _OPERATIONS[name](self, argument)
        elif name not in ("PROTO", "FRAME", "STOP"):
            raise Refused(f"it asks for {name}")

    def spend(self, values: Iterable[Any]) -> None:
        """Before they are made into something else: the same value may be meant again and again."""
        self.room -= sum(len(one) for one in values if isinstance(one, str | bytes | list) and len(one) > _SMALL)
        if self.room < 0:
            raise Refused("it makes more of its values than it holds")

    def since_mark(self) -> list[Any]:
        place = next((n for n in range(len(self.stack) - 1, -1, -1) if self.stack[n] is _MARK), None)
        if place is None:
            raise ValueError("it has no mark")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def popped(self, count: int) -> tuple[Any, ...]:
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise ValueError("its stack is empty")
        del self.stack[-count:]
        return items


def _dict(machine: _Machine, items: list[Any]) -> None:
    machine.stack.append({})
    _fill(machine, items)


def _fill(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, dict):
        raise Refused("it sets items of something that is no dict")
    target.update((_key(key), item) for key, item in zip(items[::2], items[1::2], strict=True))


def _key(key: Any) -> str | int:
    """Others may take for ever to compare, numbers without end among them."""
    if isinstance(key, str) or (isinstance(key, int) and abs(key) < 1 << 63):
        return key
    raise Refused(f"it has a {_kind(key)} for a key")


def _kind(value: Any) -> str:
    """Of a value that is not what it should be."""
    return value.name if isinstance(value, _Name) else type(value).__name__.lstrip("_").lower()


def _extend(machine: _Machine, items: list[Any]) -> None:
    target = machine.stack[-1]
    if not isinstance(target, list):
        raise Refused("it appends to something that is no list")
    target.extend(items)


def _named(machine: _Machine, name: str) -> None:
    machine.stack.append(_Name(name.replace("numpy._core.", "numpy.core.")))


def _called(machine: _Machine) -> None:
    function, arguments = machine.popped(2)
    make = _FUNCTIONS.get(function.name) if isinstance(function, _Name) else None
    if make is None:
        raise Refused(f"it calls {_kind(function)}")
    machine.spend(arguments)
    machine.stack.append(make(*arguments))


def _built(machine: _Machine) -> None:
    target, state = machine.popped(2)
    if not isinstance(target, _Array) or not isinstance(state, tuple):
        raise Refused("it gives a state to something that is no array")
    machine.spend(state)
    if isinstance(target.value, np.dtype):  # (version, byte order, …)
        if not isinstance(state[1], str):
            raise Refused("it holds an array of a byte order that is none")
        target.value = _dtype(f"{'=' if state[1] == '|' else state[1]}{target.value.str[1:]}")
    else:  # (version, shape, dtype, whether columns come first, bytes)
        _, shape, dtype, by_column, raw = state
        target.value = _array(raw, dtype.value, shape, "F" if by_column else "C")
    machine.stack.append(target)


def _array(raw: bytes | str, dtype: np.dtype[Any], shape: tuple[int, ...], order: str) -> NDArray[Any]:
    if not isinstance(raw, str | bytes) or len(shape) > _MOST_AXES or not all(isinstance(one, int) for one in shape):
        raise Refused("it holds an array whose bytes or shape are none")
    data = raw.encode("latin-1") if isinstance(raw, str) else bytes(raw)
    if len(data) != dtype.itemsize * math.prod(shape):
        raise Refused(f"an array of {shape} has {len(data)} bytes")
    flat = np.frombuffer(data, _dtype(dtype.str))
    return flat.reshape(shape, order="F" if order == "F" else "C").astype(dtype.newbyteorder("="))


def _dtype(name: str) -> np.dtype[Any]:
    if not _DTYPE.fullmatch(name):
        raise Refused(f"it holds an array of {name}")
    return np.dtype(name)


def _scalar(dtype: _Array, raw: bytes | str) -> Any:
    return _array(raw, dtype.value, (), "C").item()


def _encoded(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise Refused("it holds text in an encoding that numpy does not write")
    return text.encode("latin-1")


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "numpy.core.multiarray _reconstruct": lambda *_: _Array(),
    "numpy.core.multiarray scalar": _scalar,
    "numpy.core.numeric _frombuffer": lambda raw, dtype, shape, order: _Array(_array(raw, dtype.value, shape, order)),
    "numpy dtype": lambda name, *_: _Array(_dtype(name)),
    "collections OrderedDict": lambda pairs=(): OrderedDict((_key(key), item) for key, item in pairs),
    "__builtin__ bytes": lambda: b"",
    "_codecs encode": _encoded,
}
_PLAIN: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("STRING", "BINSTRING", "SHORT_BINSTRING"), str),
    **dict.fromkeys(("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"), str),
    **dict.fromkeys(("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"), bytes),
    **dict.fromkeys(("BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"), int),
    **dict.fromkeys(("FLOAT", "BINFLOAT"), float),
    "INT": lambda number: number,  # of protocol 0, which writes booleans so
    "NONE": lambda _: None,
    "NEWTRUE": lambda _: True,
    "NEWFALSE": lambda _: False,
    "EMPTY_DICT": lambda _: {},
    "EMPTY_LIST": lambda _: [],
    "EMPTY_TUPLE": lambda _: (),
    "MARK": lambda _: _MARK,
}
"""Operations that put a value on the stack."""
_OPERATIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "TUPLE1": lambda machine, _: machine.stack.append(machine.popped(1)),
    "TUPLE2": lambda machine, _: machine.stack.append(machine.popped(2)),
    "TUPLE3": lambda machine, _: machine.stack.append(machine.popped(3)),
    "TUPLE": lambda machine, _: machine.stack.append(tuple(machine.since_mark())),
    "LIST": lambda machine, _: machine.stack.append(machine.since_mark()),
    "DICT": lambda machine, _: _dict(machine, machine.since_mark()),
    "SETITEM": lambda machine, _: _fill(machine, list(machine.popped(2))),
    "SETITEMS": lambda machine, _: _fill(machine, machine.since_mark()),
    "APPEND": lambda machine, _: _extend(machine, list(machine.popped(1))),
    "APPENDS": lambda machine, _: _extend(machine, machine.since_mark()),
    "POP": lambda machine, _: machine.stack.pop(),
    "POP_MARK": lambda machine, _: machine.since_mark().clear(),
    "MEMOIZE": lambda machine, _: machine.memo.__setitem__(len(machine.memo), machine.stack[-1]),
    **dict.fromkeys(
        ("PUT", "BINPUT", "LONG_BINPUT"),
        lambda machine, place: machine.memo.__setitem__(place, machine.stack[-1]),
    ),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, place: machine.stack.append(machine.memo[place])),
    "GLOBAL": _named,
    "STACK_GLOBAL": lambda machine, _: _named(machine, " ".join(machine.popped(2))),
    "REDUCE": lambda machine, _: _called(machine),
    "BUILD": lambda machine, _: _built(machine),
}
