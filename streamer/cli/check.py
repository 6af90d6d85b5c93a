"""Check a configuration: every mistake at once, each with file, line and what would be right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.output import Output
from streamer.settings import load

EXAMPLES = "example: takt check cell.yaml && takt run cell.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    watches = sum(len(stream.watches) for stream in settings.streams)
    output.result(
        {"config": str(arguments.config), "valid": True, "streams": len(settings.streams), "watches": watches},
        f"[green]{arguments.config} is valid[/]: {len(settings.streams)} streams, {watches} watches",
    )
    return 0
