"""What a command prints: text for people on standard error, JSON lines for machines on standard output."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
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

    def table(self, fields: Mapping[str, object], title: str, rows: Sequence[Sequence[Part]]) -> None:
        """One result that people see as a table; the first row is its head, and an empty one a line."""
        self._write(fields)
        table = Table(title=printable(title), title_justify="left")
        for column, name in enumerate(rows[0]):
            table.add_column(_styled([name]), justify="right" if column else "left", no_wrap=not column)
        for row in rows[1:]:
            if row:
                table.add_row(*(_styled([one]) for one in row))
            else:
                table.add_section()
        with writing():
            self._people.print(table)

    def say(self, *parts: Part) -> None:
        """Text for people only."""
        with writing():
            self._people.print(_styled(parts))

    def problem(self, text: str) -> None:
        """Something is wrong."""
        self._write({"problem": text})
        self.errors.print(Text(printable(text), style="red"))

    def _write(self, fields: Mapping[str, object]) -> None:
        if self.machine:
            with writing():
                sys.stdout.write(json.dumps(fields, separators=(",", ":"), default=str) + "\n")
                sys.stdout.flush()


def _styled(parts: Sequence[Part]) -> Text:
    return Text.assemble(
        *(printable(part) if isinstance(part, str) else (printable(part[0]), part[1]) for part in parts)
    )


def printable(text: str) -> str:
    """The same, and what a terminal would obey in letters."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
