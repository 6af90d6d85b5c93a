"""Draw a procedure as SVG, or as Mermaid for pages that render it. Optional steps are dashed, alternatives yellow."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.output import Output
from streamer.procedure.drawing import mermaid, svg
from streamer.procedure.made import procedure_of
from streamer.settings import load_procedure

_FORMATS = {"svg": svg, "mermaid": mermaid}


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="a YAML file; see config/procedures")
    command.add_argument("--format", choices=list(_FORMATS), default="svg", help="of the drawing")


def main(arguments: argparse.Namespace, output: Output) -> int:
    procedure = procedure_of(load_procedure(arguments.file, os.environ))
    drawing = _FORMATS[arguments.format](procedure)
    output.result({"procedure": procedure.name, arguments.format: drawing}, drawing.rstrip("\n"))
    return 0
