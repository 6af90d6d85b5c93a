"""Models: which there are, what they cost, where they come from, and official checkpoints made into ours.

Nothing is fetched that is not asked for by `get`, and no file is taken whose SHA-256 is not the published one. No code
of a file is ever run."""

from __future__ import annotations

import argparse

from streamer.cli.models import convert, get, show
from streamer.cli.models import list as listing
from streamer.cli.output import Output
from streamer.cli.parts import add_parts

EXAMPLES = """example: takt models list
         takt models show bundled:cell
         takt models show slowfast_r50_8x8 --crop-px 256 --json
         takt models get fastestdet --mirror https://mirror.local/models
         takt models convert SLOWFAST_8x8_R50.pyth k400.safetensors --size r50_8x8 --labels kinetics400.txt \\
             --background none"""

_PARTS = {"list": listing, "show": show, "get": get, "convert": convert}


def arguments(command: argparse.ArgumentParser) -> None:
    add_parts(command, _PARTS)


def main(arguments: argparse.Namespace, output: Output) -> int:
    return int(_PARTS[arguments.part].main(arguments, output))
