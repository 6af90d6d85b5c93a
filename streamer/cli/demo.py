"""See it work: a simulated work cell as a real RTSP camera, an MQTT broker, the service; events as they arrive.

Needs no camera, no broker and no network. Ends with a summary of right, wrong and missed events."""

from __future__ import annotations

import argparse
import asyncio
import math

from streamer.cli.interrupt import leaving_at_once
from streamer.cli.output import Output
from streamer.logs import configure

EXAMPLES = "example: takt demo --seconds 120"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("--seconds", type=_seconds, default=60.0, help="how long (default 60; 0 until Ctrl-C)")
    command.add_argument("--seed", type=int, default=7, help="which day at the cell (default 7)")
    command.add_argument("--mistakes", action="store_true", help="steps are left out, swapped and done again")
    command.add_argument("--mqtt", metavar="URL", help="your own broker, e.g. mqtt://localhost:1883")
    command.add_argument("--http-port", type=int, default=0, help="for metrics and health (default: a free one)")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < math.inf:
        raise ValueError(text)
    return seconds


def main(arguments: argparse.Namespace, output: Output) -> int:
    configure("error", "text", ())  # the audience shows what matters
    with leaving_at_once():
        from streamer.demo.run import Asked, demo  # noqa: PLC0415 - torch takes seconds to import

    asked = Asked(arguments.seconds, arguments.seed, arguments.mistakes, arguments.mqtt, arguments.http_port)
    return asyncio.run(demo(asked, output))
