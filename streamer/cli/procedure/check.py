"""Check a procedure: circles, steps that cannot be reached, actions that no recognizer knows; all mistakes at once."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from recognizers.card import checkpoint_path, read_card
from streamer.cli.output import Output
from streamer.settings import load_procedure


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="a YAML file; see config/procedures")
    command.add_argument(
        "--checkpoint",
        action="append",
        default=[],
        metavar="FILE",
        help="of a recognizer that will see the work, or bundled:NAME; may be given again",
    )


def main(arguments: argparse.Namespace, output: Output) -> int:
    cards = [read_card(checkpoint_path(one)) for one in arguments.checkpoint]
    labels = [action for card in cards for action in card.actions] if cards else None
    procedure = load_procedure(arguments.file, os.environ, labels)
    steps, optional = len(procedure.steps), sum(step.optional for step in procedure.steps.values())
    output.result(
        {"procedure": procedure.name, "file": str(arguments.file), "valid": True, "steps": steps, "optional": optional},
        f"{arguments.file} is valid: {procedure.name}, steps: {steps}, of which optional: {optional}",
    )
    return 0
