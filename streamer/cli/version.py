"""Print the versions of the product and of what it stands on."""

from __future__ import annotations

import argparse
import platform
from importlib.metadata import version

from streamer.cli.output import Output

EXAMPLES = "example: takt version --json"


def arguments(command: argparse.ArgumentParser) -> None:
    """No arguments of its own."""


def main(arguments: argparse.Namespace, output: Output) -> int:
    versions = {name: version(name) for name in ("taktstream", "torch", "av", "paho-mqtt")}
    versions["python"] = platform.python_version()
    output.result(versions, "\n".join(f"{name:12}{text}" for name, text in versions.items()))
    return 0
