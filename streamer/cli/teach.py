"""Teach a recognizer your actions with a few clips of each, in minutes on two cores.

FOLDER is what takt record wrote, or holds a folder of clips for each action (and one named background), or clips.csv.
The report judges every clip by a network that has not seen its group, and says what to record next."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from rich.markup import escape

from streamer.cli.bars import Bars
from streamer.cli.output import Output

EXAMPLES = "example: takt teach recordings --out bench.safetensors"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("folder", type=Path, metavar="FOLDER", help="the clips")
    command.add_argument("--out", type=_checkpoint, required=True, metavar="CHECKPOINT", help="a .safetensors file")
    command.add_argument(
        "--by", choices=["pictures", "joints"], default="pictures", help="what is looked at (default pictures)"
    )
    command.add_argument("--threads", type=int, choices=range(1, 257), metavar="N", default=2, help="(default 2)")
    command.add_argument("--seed", type=int, default=1, help="the same seed teaches the same (default 1)")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.train.advice import interval  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.train.card import write_card  # noqa: PLC0415
    from recognizers.train.teach import Teaching, plan_of, teach  # noqa: PLC0415

    teaching = Teaching(arguments.folder, arguments.out, arguments.by, threads=arguments.threads, seed=arguments.seed)
    with Bars(output) as bars:
        lesson = teach(plan_of(teaching), bars.tick)
    card = write_card(arguments.out, lesson.card)
    share = lesson.right / max(1, lesson.clips)
    low, high = interval(share, lesson.clips)
    recall = lesson.card.trained["held_out"]["recall"]
    fields: dict[str, Any] = {
        "checkpoint": str(arguments.out), "card": str(card), "clips": lesson.clips, "right": lesson.right,
        "share": round(share, 4), "low": round(low, 4), "high": round(high, 4), "recall": recall,
        "warnings": list(lesson.advice.warnings), "next": list(lesson.advice.next),
    }  # fmt: skip
    lines = [
        f"[green]{escape(str(arguments.out))}[/]: {lesson.right} of {lesson.clips} clips right ({share:.0%}), each "
        f"judged by a network that had not seen its group; the truth lies between {low:.0%} and {high:.0%}",
        *(f"  {escape(label)}: {found:.0%} of its moments" for label, found in recall.items()),
        *(f"[yellow]note[/] {escape(warning)}" for warning in lesson.advice.warnings),
        *(f"[bold]record next[/] {escape(wanted)}" for wanted in lesson.advice.next),
        "to run it:",
        escape(_lines(arguments.out, lesson.card.kind)),
    ]
    output.result(fields, "\n".join(lines))
    return 0


def _lines(out: Path, kind: str) -> str:
    name = re.sub(r"[^a-z0-9-]+", "-", out.stem.lower()).strip("-") or "taught"
    return (
        f'  recognizers:\n    {name}: {{kind: {kind}, checkpoint: "{out.resolve()}"}}\n'
        f"  streams: [… watches: [{{id: bench, recognizer: {name}}}]]"
    )


def _checkpoint(text: str) -> Path:
    path = Path(text)
    if path.suffix != ".safetensors":
        raise argparse.ArgumentTypeError(f"{text!r} is no checkpoint; give a file that ends with .safetensors")
    return path
