"""Watch the cameras of a configuration until told to stop.

SIGTERM or Ctrl-C ends it in order: open actions are ended, what waits is delivered for a while, the rest stays on
disk for the next start. A second signal leaves at once; nothing accepted is lost by that either.

A changed file is applied while it runs, streams that did not change go on; one with mistakes changes nothing. SIGHUP
reads it again."""

from __future__ import annotations

import argparse
import asyncio
import os
from pathlib import Path

from streamer.cli.interrupt import leaving_at_once
from streamer.cli.output import Output
from streamer.logs import configure
from streamer.settings import load, secrets

EXAMPLES = "example: takt run cell.yaml"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/reference.yaml")


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    configure(settings.log.level, settings.log.format, secrets(settings))
    with leaving_at_once():
        # Only now: torch takes seconds to import, and a mistake in the configuration is worth knowing at once. Who
        # watches over workers needs none.
        from streamer.rereading import Written  # noqa: PLC0415
        from streamer.signals import stop_on_signals  # noqa: PLC0415
        from streamer.workers.supervisor import supervise, workers_of  # noqa: PLC0415

    async def until_told() -> None:
        stop = asyncio.Event()
        written = Written(arguments.config, os.environ)
        with stop_on_signals(stop, written.again):
            if (workers := workers_of(settings)) > 1:
                await supervise(settings, stop, output.result, written, workers)
            else:
                from streamer.service import run  # noqa: PLC0415

                await run(settings, stop, output.result, written)

    asyncio.run(until_told())
    return 0
