"""What a command prints: text for people on standard error, JSON lines for machines on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from streamer.cli.writing import writing


class Output:
    """Text for people goes to standard output; with `--json` to standard error, and JSON takes its place."""

    def __init__(self, machine: bool) -> None:
        self.machine = machine
        self._people = Console(stderr=machine, highlight=False, soft_wrap=True, emoji=False)
        self.errors = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)

    def result(self, fields: Mapping[str, object], text: str) -> None:
        """One result: its fields for machines, its text (rich markup: escape what is not ours) for people.

        Raises:
            Unwritable, BrokenPipeError: as `writing`; so do the others.
        """
        self._write(fields)
        self.say(text)

    def show(self, fields: Mapping[str, object], text: str) -> None:
        """One result whose text is plain."""
        self.result(fields, escape(text))

    def table(self, fields: Mapping[str, object], table: Table) -> None:
        """One result that people see as a table."""
        self._write(fields)
        with writing():
            self._people.print(table)

    def say(self, text: str) -> None:
        """Text for people only (rich markup)."""
        with writing():
            self._people.print(text)

    def problem(self, text: str) -> None:
        """Something is wrong."""
        self._write({"problem": text})
        self.errors.print(text, style="red", markup=False)

    def _write(self, fields: Mapping[str, object]) -> None:
        if self.machine:
            with writing():
                sys.stdout.write(json.dumps(fields, separators=(",", ":"), default=str) + "\n")
                sys.stdout.flush()
