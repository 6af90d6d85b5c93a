"""Check a configuration: every mistake at once, each with file, line and what would be right.

Also says where another checkpoint runs than the file names, since it was promoted, and how late events are decided."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from streamer.cli.lateness import lateness_of
from streamer.cli.output import Output
from streamer.placement import MOST_STREAMS
from streamer.promotions import Promoted, Promotions
from streamer.settings import Settings, load
from streamer.wire import timestamp

EXAMPLES = "example: takt check cell.yaml && takt run cell.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/reference.yaml")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    streams, watches = len(settings.streams), sum(len(stream.watches) for stream in settings.streams)
    promoted = _promoted(settings)
    fields = {"config": str(arguments.config), "valid": True, "streams": streams, "watches": watches}
    lines = [f"{arguments.config} is valid: {_count(streams, 'stream')}, {_count(watches, 'watch')}"]
    for name, one in promoted.items():
        instead = settings.recognizers[name].checkpoint
        lines.append(f"recognizers.{name}: {one.source} runs instead of {instead}, promoted at {timestamp(one.at)}")
    late = lateness_of(settings, {name: one.checkpoint for name, one in promoted.items()})
    lines += [one.told for one in late]
    lines += _too_many(settings)
    more = {name: {"checkpoint": one.source, "model": one.id} for name, one in promoted.items()}
    fields |= {"promoted": more} if more else {}
    fields |= {"lateness": {one.watch: one.figures for one in late}} if late else {}
    output.result(fields, "\n".join(lines))
    return 0


def _too_many(settings: Settings) -> list[str]:
    """Where several workers cannot watch all streams."""
    streams, workers = len(settings.streams), settings.workers
    room = streams if isinstance(workers, str) or workers == 1 else workers * MOST_STREAMS
    if streams <= room:
        return []
    return [f"workers: {workers} watch {room} streams at most, so that {streams - room} wait; give more, or auto"]


def _promoted(settings: Settings) -> dict[str, Promoted]:
    """What runs in the place of what the file names, by recognizer."""
    promotions = Promotions(settings.data_dir)
    latest = {name: promotions.latest(name, section.checkpoint) for name, section in settings.recognizers.items()}
    return {name: promoted for name, promoted in latest.items() if promoted is not None}


def _count(number: int, word: str) -> str:
    if number == 1:
        return f"1 {word}"
    return f"{number} {word}{'es' if word.endswith('h') else 's'}"
