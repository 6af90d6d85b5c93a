"""Make a checkpoint of an official SlowFast network (a .pyth or .pt file of PySlowFast or PyTorchVideo).

The file's layout is told from its keys; every key must fit. No code in the file is run; a file that cannot be read
without is refused."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.cli.output import Output
from streamer.errors import ConfigError

EXAMPLES = """example: takt convert SLOWFAST_8x8_R50.pyth --size r50_8x8 --labels kinetics400.txt --background none \\
             --out kinetics400.safetensors"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--size", required=True, help="r50_4x16, r50_8x8 or r101_8x8")
    command.add_argument(
        "--labels", type=Path, required=True, help="a text file, one label a line, in the order of the outputs"
    )
    command.add_argument(
        "--background",
        required=True,
        help="the label that means none of the actions; another word is added as a label that never wins",
    )
    command.add_argument("--out", type=Path, required=True, help="the .safetensors file to write")


def main(arguments: argparse.Namespace, output: Output) -> int:
    labels = _labels(arguments.labels)
    from recognizers.convert import convert  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.models.slowfast import PUBLISHED  # noqa: PLC0415

    if arguments.size not in PUBLISHED:
        raise ConfigError([f"--size {arguments.size}: no such network; there are {', '.join(PUBLISHED)}"])
    try:
        card = convert(arguments.file, arguments.out, PUBLISHED[arguments.size](), labels, arguments.background)
    except OSError as error:
        raise ConfigError([f"{arguments.out}: {error.strerror}; give a place that can be written"]) from error
    output.result(
        {"checkpoint": str(arguments.out), "kind": card.kind, "labels": len(card.labels)},
        f"[green]{arguments.out}[/]: {card.kind} of {len(card.labels)} labels",
    )
    return 0


def _labels(path: Path) -> list[str]:
    try:
        labels = [line.strip() for line in path.read_text(encoding="utf-8").rstrip().split("\n")]
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: {error}; give a text file with one label a line"]) from error
    problems = [
        f"{path}:{line}: {label!r} is empty or came before; every label stands once, in the order of the outputs"
        for line, label in enumerate(labels, 1)
        if not label or label in labels[: line - 1]
    ]
    if problems:
        raise ConfigError(problems)
    return labels
