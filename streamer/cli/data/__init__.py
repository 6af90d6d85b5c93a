"""Data sets: whether one gives figures that can be believed, before hours of training.

A data set is KIND:PATH. Kinds: kinetics, ava, charades, splits (UCF101, HMDB51), folder (of class folders), clips
(clips.csv), recordings (labels.jsonl of our own service), skeletons (.npz). What each looks like: docs/data-sets.md."""

from __future__ import annotations

import argparse

from streamer.cli.data import check
from streamer.cli.output import Output
from streamer.cli.parts import add_parts

EXAMPLES = """example: takt data check folder:/data/assembly
         takt data check kinetics:/data/k400 --checkpoint k400.safetensors
         takt data check recordings:/var/lib/takt/recordings --json"""

_PARTS = {"check": check}


def arguments(command: argparse.ArgumentParser) -> None:
    add_parts(command, _PARTS)


def main(arguments: argparse.Namespace, output: Output) -> int:
    return int(_PARTS[arguments.part].main(arguments, output))
