"""Train a recognizer on recorded or simulated clips and write its checkpoint, with a card that says how good it is.

Groups (people, sessions) are held out as a whole. A training that was killed goes on where it stood. On several GPUs:
torchrun --nproc-per-node=4 --no-python takt train CONFIG"""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

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

    with _Bars(output, is_shown=is_first()) as bars:
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


class _Bars:
    """A bar for each kind of work, on standard error."""

    def __init__(self, output: Output, is_shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        note = TextColumn("{task.fields[note]}")
        self._progress = Progress(*columns, note, console=output.errors, disable=not is_shown)
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tick(self, what: str, done: int, of: int, note: str = "") -> None:
        if what not in self._tasks:
            self._tasks[what] = self._progress.add_task(what, total=of, note="")
        self._progress.update(self._tasks[what], completed=done, note=note)

    def told(self, progress: Any) -> None:
        best = "" if progress.best is None else f", best on calibration {progress.best:.3f}"
        self.tick("training", progress.step, progress.steps, f"loss {progress.loss:.3f}{best}")

    def note(self, line: str) -> None:
        if not self._progress.disable:
            self._progress.console.print(line, markup=False)
