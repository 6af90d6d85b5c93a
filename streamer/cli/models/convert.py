"""Make a checkpoint of an official network: .pyth or .pt of PySlowFast or PyTorchVideo, .pkl of caffe2.

The file's layout is told from its keys; every key must fit. No code in the file is run; a file that cannot be read
without is refused."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognizers.files import is_file, opened
from streamer.cli.output import Output
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from recognizers.convert import About


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("out", type=Path, metavar="OUT", help="the .safetensors file to write")
    command.add_argument("--kind", default="slowfast", help="slowfast (unasked), slow_only, c2d, i3d or x3d")
    command.add_argument("--size", required=True, help="its name, such as r50_8x8 or, of an x3d, s")
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
    for read in (arguments.file, arguments.labels):
        if is_file(arguments.out) and is_file(read) and arguments.out.samefile(read):
            raise ConfigError([f"{arguments.out} is what is to be read, {read}; give another place to write"])
    from recognizers.convert import OFFICIAL, convert  # noqa: PLC0415 - torch takes seconds to import

    if arguments.kind not in OFFICIAL:
        raise ConfigError([f"--kind {arguments.kind}: no such kind; there are {', '.join(OFFICIAL)}"])
    sizes = OFFICIAL[arguments.kind].sizes
    if arguments.size not in sizes:
        raise ConfigError([f"--size {arguments.size}: no such network; there are {', '.join(sizes)}"])
    if arguments.actors and arguments.kind != "slowfast":
        raise ConfigError([f"--actors: only a slowfast says what each person does, not a {arguments.kind}"])
    size, interval_s, crop_px = sizes[arguments.size]
    try:
        about = _about(arguments, labels, interval_s=interval_s, crop_px=crop_px)
        card = convert(arguments.file, arguments.out, size(), about)
    except ValueError as error:
        raise ConfigError([str(error)]) from error
    except OSError as error:
        raise ConfigError([f"{arguments.out}: {error.strerror}; give a place that can be written"]) from error
    output.result(
        {"checkpoint": str(arguments.out), "kind": card.kind, "labels": len(card.labels)},
        (str(arguments.out), "green"),
        f": {card.kind} of {len(card.labels)} labels",
    )
    return 0


def _about(arguments: argparse.Namespace, labels: list[str], **of_size: Any) -> About:
    """What the file does not say of itself.

    Raises:
        ValueError: a number is none.
    """
    from recognizers.card import Abstain  # noqa: PLC0415 - as convert
    from recognizers.convert import About  # noqa: PLC0415

    if not arguments.background:
        raise ValueError("--background is empty; give the label that means none of the actions, or another word")
    below = arguments.abstain_below
    return About(
        labels=tuple(labels),
        background=arguments.background,
        licence=arguments.licence,
        multilabel=arguments.multilabel,
        bgr=arguments.bgr,
        actors=arguments.actors,
        kind=arguments.kind,
        abstain=None if below is None else Abstain("max_logit", below),
        **of_size,
    )


def _labels(path: Path) -> list[str]:
    try:
        with opened(path) as file:  # Windows's editors begin a file with a mark
            labels = [line.strip() for line in file.read().decode("utf-8-sig").rstrip().split("\n")]
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}; give a text file with one label a line"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path} is no text in UTF-8; give a text file with one label a line"]) from error
    problems = [
        f"{path}:{line}: {label!r} is empty or came before; every label stands once, in the order of the outputs"
        for line, label in enumerate(labels, 1)
        if not label or label in labels[: line - 1]
    ]
    if problems:
        raise ConfigError(problems)
    return labels
