"""What every command takes, and every part of one, before its name or behind it."""

from __future__ import annotations

import argparse

_SWITCHES = {"--json": "one JSON object a line on standard output", "--debug": "show tracebacks"}


def add_switches(parser: argparse.ArgumentParser, *, is_top: bool = False) -> None:
    """Off where nobody gives them: said at the top alone, since a parser further down would take back what one further
    up has read."""
    for name, what in _SWITCHES.items():
        parser.add_argument(name, action="store_true", default=False if is_top else argparse.SUPPRESS, help=what)
