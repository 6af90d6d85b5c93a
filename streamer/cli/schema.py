"""Print the JSON Schema of the configuration, for editors and for checks elsewhere."""

from __future__ import annotations

import argparse
import json

from streamer.cli.output import Output
from streamer.settings import schema

EXAMPLES = "example: takt schema > config.schema.json"


def arguments(command: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def main(arguments: argparse.Namespace, output: Output) -> int:
    described = schema()
    if output.machine:
        output.result(described, "")
    else:
        print(json.dumps(described, indent=2))
    return 0
