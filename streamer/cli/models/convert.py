"""Make a checkpoint of an official SlowFast network: .pyth or .pt of PySlowFast or PyTorchVideo, .pkl of caffe2.

The file's layout is told from its keys; every key must fit. No code in the file is run; a file that cannot be read
without is refused."""

from __future__ import annotations

import argparse
from pathlib import Path

from streamer.cli.output import Output
from streamer.errors import ConfigError


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("out", type=Path, metavar="OUT", help="the .safetensors file to write")
    command.add_argument("--size", required=True, help="r50_4x16, r50_8x8 or r101_8x8")
    command.add_argument(
        "--labels", type=Path, required=True, help="a text file, one label a line, in the order of the outputs"
    )
    command.add_argument(
        "--background",
        required=True,
        help="the label that means none of the actions; another word is added as a label that wins only below "
        "--abstain-below",
    )
    command.add_argument("--abstain-below", type=float, metavar="X", help="of its largest logit; unset: never")
    command.add_argument("--multilabel", action="store_true", help="several labels at once (Charades, AVA)")
    command.add_argument("--bgr", action="store_true", help="its pictures had blue first (Charades of caffe2)")
    command.add_argument("--actors", action="store_true", help="it says what each person does (AVA)")
    command.add_argument("--licence", default="", help="of the weights, as their publisher says")


def main(arguments: argparse.Namespace, output: Output) -> int:
    labels = _labels(arguments.labels)
    from recognizers.card import Abstain  # noqa: PLC0415 - as convert
    from recognizers.convert import About, convert  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.models.slowfast import PUBLISHED  # noqa: PLC0415

    if arguments.size not in PUBLISHED:
        raise ConfigError([f"--size {arguments.size}: no such network; there are {', '.join(PUBLISHED)}"])
    below = arguments.abstain_below
    about = About(
        labels=tuple(labels),
        background=arguments.background,
        licence=arguments.licence,
        multilabel=arguments.multilabel,
        bgr=arguments.bgr,
        actors=arguments.actors,
        abstain=None if below is None else Abstain("max_logit", below),
    )
    try:
        card = convert(arguments.file, arguments.out, PUBLISHED[arguments.size](), about)
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
