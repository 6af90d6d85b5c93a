"""What files say of networks, looked at one by one: of its type, finite, and of a size that means something."""

from __future__ import annotations

import unicodedata
from typing import TypeGuard

_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
"""Unicode's categories of what moves a cursor, is no character, or begins a line."""


def number(name: str, value: object, least: float, most: float) -> None:
    """Raises ValueError where it is no number, or none of these; says what would be right."""
    if not is_number(value) or not least <= value <= most:
        raise ValueError(f"{name} is {shown(value)}; it must be a number from {least:g} to {most:g}")


def whole(name: str, value: object, least: int, most: int) -> None:
    """Likewise of whole numbers."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"{name} is {shown(value)}; it must be a whole number from {least} to {most}")


def truth(name: str, value: object) -> None:
    """Likewise of what is so or not."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} is {shown(value)}; it must be true or false")


def is_number(value: object) -> TypeGuard[int | float]:
    """Whether it is one at all, also without end; yes and no are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_word(value: object) -> bool:
    """Whether it is a text of a line that can be shown and sent."""
    return isinstance(value, str) and bool(value) and not any(unicodedata.category(one) in _UNSEEN for one in value)


def shown(value: object) -> str:
    """As it was written, and not without end."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
