"""What a command prints: text for people on standard error, JSON lines for machines on standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping

from rich.console import Console
from rich.text import Text

from streamer.cli.writing import writing

Part = str | tuple[str, str]
"""Text, or text and its style (`bold red`). Nothing in a text is markup, whoever wrote it."""

_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves the cursor, turns what is written around, or is no character at all; not tabs and new lines."""


class Output:
    """Text for people goes to standard output; with `--json` to standard error, and JSON takes its place.

    Whatever is printed is shown as it is: what a terminal would obey is written out (`\\x1b`).
    """

    def __init__(self, machine: bool) -> None:
        self.machine = machine
        self._people = Console(stderr=machine, highlight=False, soft_wrap=True, emoji=False, markup=False)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False, markup=False)

    def result(self, fields: Mapping[str, object], *parts: Part) -> None:
        """One result: its fields for machines, its text for people.

        Raises:
            Unwritable, BrokenPipeError: as `writing`; so do the others.
        """
        self._write(fields)
        self.say(*parts)

    def say(self, *parts: Part) -> None:
        """Text for people only."""
        shown = [printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts]
        with writing():
            self._people.print(Text.assemble(*shown))

    def problem(self, text: str) -> None:
        """Something is wrong."""
        self._write({"problem": text})
        self.errors.print(Text(printable(text), style="red"))

    def _write(self, fields: Mapping[str, object]) -> None:
        if self.machine:
            with writing():
                sys.stdout.write(json.dumps(fields, separators=(",", ":"), default=str) + "\n")
                sys.stdout.flush()


def printable(text: str) -> str:
    """The same, and what a terminal would obey in letters."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
