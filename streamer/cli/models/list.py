"""Every model that has a name: bundled checkpoints, networks by size (without weights), downloads."""

from __future__ import annotations

import argparse
import os

from rich.markup import escape

from streamer.cli.output import Output


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", help="only networks of this kind")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.catalogue import entries  # noqa: PLC0415 - torch takes seconds to import

    for entry in entries(os.environ):
        if arguments.kind in (None, entry.kind):
            fields = {"name": entry.name, "origin": entry.origin, "kind": entry.kind, "about": entry.about}
            output.result(fields, f"{entry.name:28} [dim]{entry.origin:9}[/] {escape(entry.about)}")
    return 0
