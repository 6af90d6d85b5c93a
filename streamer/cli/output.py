"""What a command prints: text for people on standard error, JSON lines for machines on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from rich.console import Console


class Output:
    """Results go to standard output; with `--json` as one object a line, and people's text to standard error."""

    def __init__(self, machine: bool) -> None:
        self.machine = machine
        self._people = Console(stderr=machine, highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def result(self, fields: Mapping[str, object], text: str) -> None:
        """One result: its fields for machines, its text (rich markup) for people."""
        if self.machine:
            sys.stdout.write(json.dumps(fields, separators=(",", ":"), default=str) + "\n")
            sys.stdout.flush()
        else:
            self._people.print(text)

    def say(self, text: str) -> None:
        """Text for people only (rich markup)."""
        self._people.print(text)

    def problem(self, text: str) -> None:
        """Something is wrong."""
        if self.machine:
            self.result({"problem": text}, text)
        self._errors.print(text, style="red", markup=False)
