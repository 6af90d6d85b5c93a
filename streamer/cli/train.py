"""Train a recognizer on recorded or simulated clips and write its checkpoint, with a card that says how good it is.

Groups (people, sessions) are held out as a whole. A training that was killed goes on where it stood. On several GPUs:
torchrun --nproc-per-node=4 --no-python takt train CONFIG"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.bars import Bars
from streamer.cli.output import Output
from streamer.settings import load_training

EXAMPLES = "example: takt train config/training/cell.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/training")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load_training(arguments.config, os.environ)
    from recognizers.train.build import training_plan  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.train.card import headline, write_card  # noqa: PLC0415
    from recognizers.train.loop import train  # noqa: PLC0415
    from recognizers.train.ranks import is_first  # noqa: PLC0415

    with Bars(output, is_shown=is_first()) as bars:
        card = train(training_plan(settings.model_dump()), bars.tick, bars.told, bars.note)
    if not is_first():
        return 0
    shown = write_card(settings.out, card)
    held_out = card.trained["held_out"]
    best = "map" if card.multilabel else "top1"
    output.result(
        {"checkpoint": str(settings.out), "card": str(shown), best: held_out[best], "held_out": held_out},
        f"[green]{settings.out}[/]: {headline(held_out)} of {held_out['clips']} held-out clips; card in {shown}",
    )
    return 0
