"""Values that remember their lines, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

Where = tuple[str | int, ...]
"""The path of a value: keys and positions from the root."""

_NAME = re.compile(r"[\w.-]{1,64}")


@dataclass(slots=True)
class Document:
    """What a file says, where it says it, and what is wrong with how it says it."""

    file: Path
    value: Any = None
    lines: dict[Where, int] = field(default_factory=dict)
    """Line of each value (from 1); of its key where it has one."""
    filled: set[Where] = field(default_factory=set)
    """Values that hold an environment variable."""
    unread: set[Where] = field(default_factory=set)
    """Values that cannot be read; what is wrong with them has been noted, and they are None."""
    part: Where | None = None
    """What somebody gave without a file: mistakes are told from there on, and without lines. None: the file has it."""
    _problems: set[tuple[int, str]] = field(default_factory=set)
    _elsewhere: dict[str, None] = field(default_factory=dict)
    """Mistakes in files that it names."""

    def problem(self, where: Where, text: str, line: int | None = None) -> None:
        """Note a mistake at a value, or at the nearest thing around it that the file has.

        Never quote a value in `text`: any may be a secret.
        """
        if self.part is not None:
            own = where[: len(self.part)] == self.part
            name = ".".join(map(_shown, where[len(self.part) :] if own else where)) or "configuration"
            self._problems.add((0, f"{name}: {text}"))
            return
        known = where
        while known and known not in self.lines:
            known = known[:-1]
        line = line or self.lines.get(known, 1)
        name = ".".join(map(_shown, where)) or "configuration"
        self._problems.add((line, f"{self.file}:{line}: {name}: {text}"))

    def unreadable(self, where: Where, text: str) -> None:
        """Note a mistake that leaves nothing to validate."""
        self.unread.add(where)
        self.problem(where, text)

    def elsewhere(self, problems: Iterable[str]) -> None:
        """Note mistakes in a file that this one names."""
        self._elsewhere |= dict.fromkeys(problems)

    @property
    def problems(self) -> list[str]:
        """By line, and then those of other files."""
        return [*(text for _, text in sorted(self._problems)), *self._elsewhere]

    def at(self, where: Where) -> str:
        """In which line a value is, as a message says it; nothing where there are no lines."""
        return f" in line {self.lines[where]}" if where in self.lines else ""

    def find(self, *pattern: str | int) -> Iterator[tuple[Where, Any]]:
        """Values at a path, of whatever type; `*` stands for every key or position."""
        found: list[tuple[Where, Any]] = [((), self.value)]
        for part in pattern:
            found = [((*where, key), item) for where, value in found for key, item in _items(value, part)]
        yield from found


def _items(value: Any, part: str | int) -> list[tuple[str | int, Any]]:
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [(key, item) for key, item in items if part in ("*", key)]


def _shown(part: str | int) -> str:
    """A key as a message may show it: whoever forgets a quote can make a key of a password."""
    text = str(part)
    return text if _NAME.fullmatch(text) else "(a key that is no name)"
