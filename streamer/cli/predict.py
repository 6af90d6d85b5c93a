"""What a network says of films: labels with their scores, and when each action begins and ends.

The labels are of the whole film, averaged over many looks; the times are those of the events that the live service
would have published."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streamer.cli.bars import Bars
from streamer.cli.output import Output
from streamer.errors import ConfigError

EXAMPLES = "example: takt predict net.safetensors film.mp4 other.mp4 --views 5x1"
_MOST = 5
"""Labels that are shown to people."""


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("checkpoint", metavar="CHECKPOINT", help="a safetensors file or bundled:NAME")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument(
        "--views", default="10x3", metavar="CxM", help="clips x crops that are averaged (default 10x3)"
    )
    command.add_argument("--threads", type=int, default=1, metavar="N", help="of the CPU (default 1)")


def main(arguments: argparse.Namespace, output: Output) -> int:
    if missing := [f"{path}: no such file; give recorded video" for path in arguments.files if not path.is_file()]:
        raise ConfigError(missing)
    from recognizers.data.sampling import Views  # noqa: PLC0415 - torch takes seconds to import
    from streamer.trials.predicting import predictions  # noqa: PLC0415

    views = Views.parse(arguments.views)

    async def shown(bars: Bars) -> None:
        async for one in predictions(arguments.checkpoint, arguments.files, views, arguments.threads, bars.tick):
            output.result(one, "\n".join(_lines(one)))

    with Bars(output) as bars:
        asyncio.run(shown(bars))
    return 0


def _lines(one: dict[str, Any]) -> Iterator[str]:
    yield one["file"]
    for label in one.get("labels", ())[:_MOST]:
        yield f"  {label['score']:6.1%}  {label['label']}"
    for segment in one["segments"]:
        yield f"  {segment['start_s']:8.2f} s to {segment['end_s']:8.2f} s  {segment['action']}  {segment['score']:.2f}"
