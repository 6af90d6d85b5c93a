"""How modules become commands, and parts of a command."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from streamer.cli.switches import add_switches

Adding = Callable[..., argparse.ArgumentParser]
"""`add_parser` of what `add_subparsers` returns."""


def add_module(add: Adding, name: str, module: ModuleType, epilog: str | None = None) -> argparse.ArgumentParser:
    """A parser of the module's text, its `arguments` and the switches that all have."""
    summary = (module.__doc__ or "").strip()
    parser = add(
        name,
        help=summary.splitlines()[0],
        description=summary,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_switches(parser)
    module.arguments(parser)
    return parser


def add_parts(command: argparse.ArgumentParser, parts: Mapping[str, Any]) -> None:
    """One of the modules must be named; `arguments.part` says which."""
    named = command.add_subparsers(dest="part", required=True, metavar=" | ".join(parts))
    for name, module in parts.items():
        add_module(named.add_parser, name, module)
