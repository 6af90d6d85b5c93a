"""Check a configuration: every mistake at once, each with file, line and what would be right."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.output import Output
from streamer.settings import load

EXAMPLES = "example: takt check cell.yaml && takt run cell.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/reference.yaml")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    streams, watches = len(settings.streams), sum(len(stream.watches) for stream in settings.streams)
    output.result(
        {"config": str(arguments.config), "valid": True, "streams": streams, "watches": watches},
        f"{arguments.config} is valid: {_count(streams, 'stream')}, {_count(watches, 'watch')}",
    )
    return 0


def _count(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    return f"{number} {word}{'es' if word.endswith('h') else 's'}"
