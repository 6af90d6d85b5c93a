"""Propose a procedure from recorded good cycles: what came first in all of them, how often, how long.

Each file holds the events of one cycle, as takt replay --json prints them. Look at the proposal before you use it:
recordings show what was done, not what must be done."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.cli.output import Output
from streamer.errors import ConfigError
from streamer.procedure.learning import proposed, written
from streamer.procedure.recorded import recorded_cycle


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("files", type=Path, nargs="+", metavar="FILE", help="lines of JSON; each is one cycle")
    command.add_argument("--name", default="learned", help="of the procedure")


def main(arguments: argparse.Namespace, output: Output) -> int:
    if len(arguments.files) < 2:
        raise ConfigError(["an order needs at least two recorded cycles; give more files"])
    procedure = proposed(arguments.name, [recorded_cycle(file) for file in arguments.files])
    text = written(procedure)
    output.show(
        {"procedure": procedure.name, "cycles": len(arguments.files), "steps": len(procedure.steps), "yaml": text},
        text.rstrip("\n"),
    )
    return 0
