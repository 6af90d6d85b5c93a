"""Every model that has a name: bundled checkpoints, networks by size (without weights), downloads."""

from __future__ import annotations

import argparse
import os

from streamer.cli.output import Output
from streamer.errors import ConfigError


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--kind", help="only networks of this kind")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.catalogue import entries  # noqa: PLC0415 - torch takes seconds to import

    there_are = list(entries(os.environ))
    if arguments.kind not in (kinds := {None, *(entry.kind for entry in there_are)}):
        known = ", ".join(sorted(filter(None, kinds)))
        raise ConfigError([f"--kind {arguments.kind}: no model of such a kind has a name; there are {known}"])
    for entry in there_are:
        if arguments.kind in (None, entry.kind):
            fields = {"name": entry.name, "origin": entry.origin, "kind": entry.kind, "about": entry.about}
            output.result(fields, f"{entry.name:28} ", (f"{entry.origin:9}", "dim"), f" {entry.about}")
    return 0
