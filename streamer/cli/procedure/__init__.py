"""Procedures: check their files, draw them, propose them from recordings, judge recorded work by them, score verdicts.

A procedure says which steps a unit's work has, in which order they may be done, and how long they take."""

from __future__ import annotations

import argparse

from streamer.cli.output import Output
from streamer.cli.parts import add_parts
from streamer.cli.procedure import check, draw, evaluate, judge, learn

EXAMPLES = """example: takt procedure check config/procedures/gearbox.yaml
         takt procedure draw config/procedures/gearbox.yaml > gearbox.svg
         takt procedure learn cycle1.jsonl cycle2.jsonl cycle3.jsonl --name gearbox > gearbox.yaml
         takt procedure judge gearbox.yaml events.jsonl
         takt procedure evaluate --data captaincook4d:/data/captaincook4d --json"""

_PARTS = {"check": check, "draw": draw, "learn": learn, "judge": judge, "evaluate": evaluate}


def arguments(command: argparse.ArgumentParser) -> None:
    add_parts(command, _PARTS)


def main(arguments: argparse.Namespace, output: Output) -> int:
    return int(_PARTS[arguments.part].main(arguments, output))
