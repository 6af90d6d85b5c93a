"""Keep labelled clips of what a camera shows, to teach a recognizer with them.

At a terminal, each Enter marks a moment, and Ctrl-D ends the session; elsewhere, or with --follow, clip follows clip.
Pictures are kept as they came from the camera, not coded anew. Each clip gets a line in labels.jsonl of the folder."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from pathlib import Path

from streamer.cli.interrupt import leaving_at_once
from streamer.cli.output import Output, printable
from streamer.logs import configure
from streamer.settings import load, secrets

EXAMPLES = """example: takt record cell.yaml --watch cell-4/bench --label tighten --group anna --out recordings
         takt record cell.yaml --watch cell-4/bench --label background --follow --count 10"""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="the configuration whose camera is recorded")
    command.add_argument("--watch", type=_watch, required=True, metavar="STREAM/WATCH", help="what looks there")
    command.add_argument("--label", type=_label, required=True, help="the action; background: none of them")
    command.add_argument("--seconds", type=_seconds, default=4.0, help="after the moment (default 4, at most 60)")
    command.add_argument("--pre-roll", type=_seconds, default=2.0, help="seconds before it (default 2, at most 60)")
    command.add_argument("--out", type=Path, default=Path("recordings"), metavar="FOLDER", help="(default recordings)")
    command.add_argument("--count", type=_count, help="clips to keep (default: at a terminal any number, else 1)")
    command.add_argument("--group", default="", help="who or what is recorded, e.g. a person (default: this session)")
    command.add_argument("--follow", action="store_true", help="clip after clip, without waiting for Enter")
    command.add_argument(
        "--unmasked",
        action="store_true",
        help="also of a stream with masks or blur, whose pictures are kept as they came",
    )


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    configure("warning", settings.log.format, secrets(settings))
    with leaving_at_once():
        from streamer.clock import SystemClock  # noqa: PLC0415 - torch takes seconds to import
        from streamer.record.session import Wish, record  # noqa: PLC0415
        from streamer.signals import stop_on_signals  # noqa: PLC0415

    by_hand = sys.stdin.isatty() and not arguments.follow
    stream, watch = arguments.watch
    wish = Wish(
        stream=stream,
        watch=watch,
        label=arguments.label,
        folder=arguments.out,
        pre_roll_s=arguments.pre_roll,
        seconds=arguments.seconds,
        count=arguments.count or (None if by_hand else 1),
        by_hand=by_hand,
        group=arguments.group,
        unmasked=arguments.unmasked,
    )

    async def until_told() -> int:
        stop = asyncio.Event()
        if by_hand:
            output.say("press Enter while the action goes on or right after it; Ctrl-D ends the session")
        with stop_on_signals(stop):
            return await record(settings, wish, SystemClock(), stop, _Shown(output, wish.label))

    kept = asyncio.run(until_told())
    if kept and (arguments.count is None or kept == arguments.count):
        return 0
    output.problem(f"{kept} of {wish.count or 'the'} clips were kept; the stream ended, or was told to")
    return 1


class _Shown:
    """What is recorded, for people and machines. See `Told`."""

    def __init__(self, output: Output, label: str) -> None:
        self._output, self._label = output, label

    def kept(self, path: Path, number: int) -> None:
        fields = {"clip": str(path), "label": self._label, "number": number}
        self._output.result(fields, (str(number), "green"), f" {path}")

    def problem(self, text: str) -> None:
        self._output.errors.print(printable(text), style="yellow")


def _watch(text: str) -> tuple[str, str]:
    stream, slash, watch = text.partition("/")
    if not (stream and slash and watch):
        raise argparse.ArgumentTypeError(f"{text!r} is no watch; give STREAM/WATCH, e.g. cell-4/bench")
    return stream, watch


def _label(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError("a label is a word or some; background means none of the actions")
    return "" if text.strip() == "background" else text.strip()


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds <= 60:
        raise ValueError(text)
    return seconds


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= 10_000:
        raise ValueError(text)
    return count
