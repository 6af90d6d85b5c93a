"""Score verdicts and decoded steps on annotated recordings: KIND:PATH.

Kinds: captaincook4d (the folder; order and missing steps against its official graphs), assembly101 (the folder;
mistakes, by what other people did), frames (a file of a recognizer's frames with the truth; decoded, each video with
what the others taught). Figures are fractions of 1, delays seconds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from streamer.cli.output import Output
from streamer.errors import ConfigError
from streamer.procedure.evaluation import assembly101, captaincook4d, frames

_KINDS: dict[str, Callable[[Path], dict[str, float]]] = {
    "captaincook4d": captaincook4d.evaluate,
    "assembly101": assembly101.evaluate,
    "frames": frames.evaluate,
}


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", required=True, metavar="KIND:PATH", help=f"KIND: {', '.join(_KINDS)}")


def main(arguments: argparse.Namespace, output: Output) -> int:
    kind, _, path = arguments.data.partition(":")
    if kind not in _KINDS or not path:
        raise ConfigError([f"--data {arguments.data}: must be KIND:PATH with one of {', '.join(_KINDS)}"])
    try:
        figures = _KINDS[kind](Path(path))
    except (OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        raise ConfigError([f"{path}: is no data of kind {kind} ({error or 'it lacks a part'})"]) from error
    shown = {key: round(value, 4) for key, value in figures.items()}
    output.show({"data": arguments.data, **shown}, "\n".join(f"{key:24}{value:g}" for key, value in shown.items()))
    return 0
