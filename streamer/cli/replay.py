"""Run recorded video through the path of a stream and print its events: same file, same events, byte for byte.

Loss-free and as fast as the machine allows. Each file is one epoch of the stream. The first file begins at --start-at,
every other one where the one before ended."""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from streamer.cli.interrupt import leaving_at_once
from streamer.cli.output import Output
from streamer.errors import ConfigError
from streamer.logs import configure
from streamer.settings import load, secrets

EXAMPLES = "example: takt replay cell.yaml part1.mp4 part2.mp4 --stream cell-4 --start-at 2026-11-24T06:00:00Z"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--stream", help="whose watches look (needed where the configuration has several streams)")
    command.add_argument(
        "--start-at", type=_moment, default=0.0, metavar="TIME", help="of the first picture, RFC 3339 (default 1970)"
    )


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    configure(settings.log.level, settings.log.format, secrets(settings))
    for path in arguments.files:
        try:
            is_there = path.is_file()
        except OSError as error:
            raise ConfigError([f"{path}: {error.strerror}; give recorded video that this user may read"]) from error
        if not is_there:
            raise ConfigError([f"{path}: no such file; give recorded video"])
    with leaving_at_once():
        from streamer.recordings import replay_files  # noqa: PLC0415 - torch takes seconds to import

    senseless = asyncio.run(replay_files(settings, arguments.stream, arguments.files, arguments.start_at, output.show))
    for watch, count in senseless.items():
        output.problem(
            f"watch {watch}: {count} answers of its recognizer were no numbers (NaN), and nothing was said of those "
            "clips; its network overflows: train it again, or take an earlier one"
        )
    return 1 if senseless else 0


def _moment(text: str) -> float:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
