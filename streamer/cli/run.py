"""Watch the cameras of a configuration until told to stop.

SIGTERM or Ctrl-C ends it in order: open actions are ended, what waits is delivered for a while, the rest stays on
disk for the next start. A second signal leaves at once; nothing accepted is lost by that either.

A changed file is applied while it runs, streams that did not change go on; one with mistakes changes nothing. SIGHUP
reads it again.

With --cluster, workers are on all machines of a Ray cluster; see docs/cluster.md."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from streamer.cli.interrupt import leaving_at_once
from streamer.cli.output import Output
from streamer.logs import configure
from streamer.settings import load, secrets, workers_of

EXAMPLES = "example: takt run cell.yaml   or, on many machines: takt run plant.yaml --cluster auto"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("config", type=Path, metavar="CONFIG", help="a YAML file; see config/reference.yaml")
    words = "spread streams over a Ray cluster that this machine belongs to: HOST:PORT of its head, or auto"
    command.add_argument("--cluster", metavar="ADDRESS", help=words)


def main(arguments: argparse.Namespace, output: Output) -> int:
    settings = load(arguments.config, os.environ)
    configure(settings.log.level, settings.log.format, secrets(settings))
    with leaving_at_once():
        # Only now: torch takes seconds to import, and a mistake in the configuration is worth knowing at once. Who
        # watches over workers needs none.
        from streamer.rereading import Written  # noqa: PLC0415
        from streamer.signals import stop_on_signals  # noqa: PLC0415
        from streamer.workers.crew import crew_here  # noqa: PLC0415
        from streamer.workers.supervisor import supervise  # noqa: PLC0415

    async def until_told(serve: Callable[[asyncio.Event, Written], Awaitable[None]]) -> None:
        stop = asyncio.Event()
        written = Written(arguments.config, os.environ)
        with stop_on_signals(stop, written.again):
            await serve(stop, written)

    async def here(stop: asyncio.Event, written: Written) -> None:
        if (workers := workers_of(settings)) > 1:
            await supervise(settings, stop, output.result, written, crew_here(workers))
        else:
            from streamer.service import run  # noqa: PLC0415

            await run(settings, stop, output.result, written)

    if arguments.cluster is None:
        asyncio.run(until_told(here))
        return 0
    from streamer.cluster.door import connected  # noqa: PLC0415
    from streamer.cluster.running import check_spread, supervise_cluster  # noqa: PLC0415

    check_spread(settings)
    with connected(arguments.cluster, settings.cluster.require_token) as cluster:

        async def there(stop: asyncio.Event, written: Written) -> None:
            await supervise_cluster(settings, cluster, stop, output.result, written)

        asyncio.run(until_told(there))
    return 0
