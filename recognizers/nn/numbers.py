"""The plain numbers and words that make a network, held against the fields of its dataclass: what a settings file or a
checkpoint's card gives can be of any type."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Literal, get_args, get_origin, get_type_hints

LARGEST = 16_384
"""Of whole numbers. Published networks stay far below; what is larger is a slip, and would take the memory of many
machines before anything else tells."""
LARGEST_OF_A_LIST = 256
"""Lists are depths and kernels."""
_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def typed(size: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers for a dataclass, each of the type of its field; lists become tuples.

    Raises:
        ValueError: there is no such number, or it is of another type; names it, its value and what would be right.
    """
    known = {field.name for field in fields(size)}
    if unknown := sorted(set(given) - known):
        raise ValueError(f"no number {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
    due = get_type_hints(size)
    return {name: _as(name, value, due[name]) for name, value in given.items()}


def _as(name: str, value: Any, due: Any) -> Any:
    value = tuple(value) if isinstance(value, list) else value
    if not _fits(value, due):
        raise ValueError(f"{name} is {_shown(value)}; it must be {_described(due)}")
    most = LARGEST_OF_A_LIST if isinstance(value, tuple) else LARGEST
    if any(isinstance(one, int) and one > most for one in (value if isinstance(value, tuple) else (value,))):
        raise ValueError(f"{name} is {_shown(value)}; it must be at most {most}")
    return value


def _fits(value: Any, due: Any) -> bool:
    if get_origin(due) is tuple:
        kinds = get_args(due)
        if not isinstance(value, tuple):
            return False
        wanted = (kinds[0],) * len(value) if kinds[-1] is Ellipsis else kinds
        return len(value) == len(wanted) and all(map(_fits, value, wanted))
    if get_origin(due) is Literal:
        return isinstance(value, str) and value in get_args(due)
    if isinstance(value, bool) or due is bool:
        return isinstance(value, bool) and due is bool
    if due is float:
        return isinstance(value, int | float) and math.isfinite(value)
    return isinstance(value, due)


def _described(due: Any) -> str:
    """What is right, for people."""
    kinds = get_args(due)
    if get_origin(due) is Literal:
        return f"one of {', '.join(kinds)}"
    if get_origin(due) is not tuple:
        return _WORDS[due]
    each = f"each {_WORDS[kinds[0]]}"
    return f"a list, {each}" if kinds[-1] is Ellipsis else f"a list of {len(kinds)}, {each}"


def _shown(value: Any) -> str:
    """As a settings file writes it, and not much longer than a line."""
    text = str(value).lower() if isinstance(value, bool) else repr(list(value) if isinstance(value, tuple) else value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def check_counts(size: object, *names: str, least: int = 1) -> None:
    """Raises ValueError where one of a size's numbers, or of its lists of them, is below the least."""
    for name in names:
        value = getattr(size, name)
        if isinstance(value, tuple):
            if not value or min(value) < least:
                raise ValueError(f"{name} is {_shown(value)}; it needs numbers, each at least {least}")
        elif value < least:
            raise ValueError(f"{name} is {_shown(value)}; it must be at least {least}")


def check_stages(size: object, *names: str) -> None:
    """Raises ValueError where a list has not one number for each of a residual network's four stages."""
    for name in names:
        if len(value := getattr(size, name)) != 4:
            raise ValueError(f"{name} is {_shown(value)}; it has four numbers, one a stage")


def check_kernels(size: object, *names: str) -> None:
    """Raises ValueError where a kernel has no middle."""
    for name in names:
        value = getattr(size, name)
        if any(one < 1 or one % 2 == 0 for one in (value if isinstance(value, tuple) else (value,))):
            raise ValueError(f"{name} is {_shown(value)}; kernels must be odd, so that they have a middle")


def check_dropout(size: object, below: float = 1.0) -> None:
    """Raises ValueError where so much cannot be left out by chance."""
    dropout: float = getattr(size, "dropout")  # noqa: B009 - any of our sizes
    if not 0 <= dropout < below:
        raise ValueError(f"dropout is {_shown(dropout)}; it must be at least 0 and below {below:g}")
