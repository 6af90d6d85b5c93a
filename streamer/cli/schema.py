"""Print the JSON Schema of the configuration, for editors and for checks elsewhere; or every key with its default."""

from __future__ import annotations

import argparse
import json

from streamer.cli.output import Output
from streamer.settings import reference, schema

EXAMPLES = "example: takt schema > config.schema.json; takt schema --reference > everything.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--reference", action="store_true", help="a configuration with every key and its default")


def main(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.reference:
        output.result({"reference": reference()}, reference().rstrip("\n"))
    else:
        output.result(schema(), json.dumps(schema(), indent=2))
    return 0
