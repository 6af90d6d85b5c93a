"""Procedures: check their files, draw them, propose them from recordings, judge recorded work by them, score verdicts.

A procedure says which steps a unit's work has, in which order they may be done, and how long they take."""

from __future__ import annotations

import argparse

from streamer.cli.output import Output
from streamer.cli.procedure import check, draw, evaluate, judge, learn
from streamer.cli.switches import add_switches

EXAMPLES = """example: takt procedure check config/procedures/gearbox.yaml
         takt procedure draw config/procedures/gearbox.yaml > gearbox.svg
         takt procedure learn cycle1.jsonl cycle2.jsonl cycle3.jsonl --name gearbox > gearbox.yaml
         takt procedure judge gearbox.yaml events.jsonl
         takt procedure evaluate --data captaincook4d:/data/captaincook4d --json"""

_PARTS = {"check": check, "draw": draw, "learn": learn, "judge": judge, "evaluate": evaluate}


def arguments(command: argparse.ArgumentParser) -> None:
    parts = command.add_subparsers(dest="part", required=True, metavar=" | ".join(_PARTS))
    for name, module in _PARTS.items():
        summary = (module.__doc__ or "").strip()
        part = parts.add_parser(
            name,
            help=summary.splitlines()[0],
            description=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        add_switches(part)
        module.arguments(part)


def main(arguments: argparse.Namespace, output: Output) -> int:
    return int(_PARTS[arguments.part].main(arguments, output))
