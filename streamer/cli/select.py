"""Which recognizer for your data? Try one small network of each approach, and weigh accuracy against cost.

CONFIG is a training file, of which data, jitter and how clips are varied are taken. Each candidate is taught in short,
judged on the same held-out groups, and timed here on one thread. Printed are a table and a recommendation with its
reasons; FOLDER gets a picture (accuracy against cost), and each candidate's checkpoint. Exit code 1 where nobody is
within the budget."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from streamer.cli.bars import Bars
from streamer.cli.output import Output
from streamer.errors import ConfigError
from streamer.settings import load_training

if TYPE_CHECKING:
    from recognizers.selection.choice import Budget, Outcome, Recommendation
    from recognizers.selection.trial import LeftOut, Terms
    from recognizers.train.watched import Progress

EXAMPLES = "example: takt select mine.yaml --ms 50 --out selection"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a training file; see config/training")
    command.add_argument("--ms", type=float, metavar="MS", help="what a decision may cost on one thread, at most")
    command.add_argument(
        "--streams-per-core", type=float, metavar="N", help="streams that a core must follow, at least"
    )
    command.add_argument("--candidates", metavar="A,B", help="only these, by name (all of them)")
    command.add_argument("--hop-s", type=float, default=0.5, metavar="S", help="seconds between decisions (0.5)")
    command.add_argument("--steps", type=int, metavar="N", help="of each training, instead of the candidate's own")
    command.add_argument("--out", type=Path, default=Path("selection"), metavar="FOLDER", help="(selection)")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load_training(arguments.config, os.environ)
    from recognizers.selection.choice import Budget, recommended  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.selection.picture import pareto_svg  # noqa: PLC0415
    from recognizers.selection.trial import LeftOut, Terms  # noqa: PLC0415

    _check(arguments)
    arguments.out.mkdir(parents=True, exist_ok=True)
    terms = Terms(settings.model_dump(), arguments.out, arguments.hop_s, arguments.steps)
    found = _tried(_names(arguments.candidates), terms, output)
    outcomes = [one for one in found if not isinstance(one, LeftOut)]
    left_out = [one for one in found if isinstance(one, LeftOut)]
    budget = Budget(arguments.ms, arguments.streams_per_core)
    choice = recommended(outcomes, budget)
    fields = {
        "candidates": [{**asdict(one), "streams_per_core": one.streams_per_core} for one in outcomes],
        "left_out": {one.name: one.why for one in left_out},
        "recommended": choice.name,
        "reasons": choice.reasons,
    }
    if outcomes:
        picture = arguments.out / "pareto.svg"
        picture.write_text(pareto_svg(outcomes, budget, choice), encoding="utf-8")
        fields["picture"] = str(picture)
    output.table(fields, _table(outcomes, budget, choice))
    _say(left_out, choice, fields, output)
    return 0 if choice.name is not None else 1


def _check(arguments: argparse.Namespace) -> None:
    wrong = [
        f"--{name.replace('_', '-')} {value:g}: must be more than 0"
        for name in ("ms", "streams_per_core", "hop_s", "steps")
        if (value := getattr(arguments, name)) is not None and not value > 0
    ]
    if wrong:
        raise ConfigError(wrong)


def _names(asked: str | None) -> Sequence[str]:
    from recognizers.selection.candidates import CANDIDATES  # noqa: PLC0415

    names = list(CANDIDATES) if asked is None else asked.split(",")
    if unknown := [name for name in names if name not in CANDIDATES]:
        raise ConfigError([f"--candidates: no {name!r}; there are: {', '.join(CANDIDATES)}" for name in unknown])
    return names


def _tried(names: Sequence[str], terms: Terms, output: Output) -> list[Outcome | LeftOut]:
    from recognizers.selection.candidates import CANDIDATES  # noqa: PLC0415
    from recognizers.selection.trial import tried  # noqa: PLC0415

    found = []
    for name in names:
        with Bars(output) as bars:

            def tick(what: str, done: int, of: int, name: str = name, bars: Bars = bars) -> None:
                bars.tick(f"{name}: {what}", done, of)

            def told(at: Progress, tick: Callable[[str, int, int], None] = tick) -> None:
                tick("training", at.step, at.steps)

            found.append(tried(name, CANDIDATES[name], terms, tick, told))
    return found


def _table(outcomes: Sequence[Outcome], budget: Budget, choice: Recommendation) -> Table:
    from recognizers.selection.choice import pareto  # noqa: PLC0415

    front = pareto(outcomes)
    table = Table(title="* nobody is both cheaper and more often right", title_justify="left")
    table.add_column("candidate")
    for column in ("right", "± chance", "ECE", "ms a decision", "streams a core", "parameters", "minutes"):
        table.add_column(column, justify="right")
    for one in sorted(outcomes, key=lambda one: -one.right):
        table.add_row(
            one.name + (" *" if one in front else ""),
            f"{one.right:.1%}",
            f"{one.doubt:.1%}",
            f"{one.ece:.3f}",
            f"{one.ms_per_decision:.1f}",
            f"{one.streams_per_core:.0f}",
            f"{one.parameters / 1e6:.2f} M",
            f"{one.taught_s / 60:.1f}",
            style="green" if one.name == choice.name else "dim" if budget.exceeded_by(one) else "",
        )
    return table


def _say(left_out: Sequence[LeftOut], choice: Recommendation, fields: dict[str, Any], output: Output) -> None:
    for one in left_out:
        output.say(f"[yellow]left out[/], {one.name}: {escape(one.why)}")
    if choice.name is None:
        output.say("[red]nobody is within the budget[/]")
    else:
        output.say(f"[green]recommended: {choice.name}[/]")
    for reason in choice.reasons:
        output.say(f"  · {escape(reason)}")
    if "picture" in fields:
        output.say(f"picture: {escape(fields['picture'])}")
