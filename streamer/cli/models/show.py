"""What a model sees and says, and what it costs: by the name of the list, or the path of a checkpoint.

A network without weights is taken as published ones are compared: 400 labels, pictures of 224 pixels."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

from streamer.cli.output import Output
from streamer.errors import ConfigError


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument(
        "--crop-px", type=_count(4096), metavar="N", help="pixels of a side, for a network without weights"
    )
    command.add_argument("--threads", type=_count(64), default=1, metavar="N", help="CPU threads while it is measured")
    command.add_argument("--runtime", default="torch", choices=["torch", "openvino", "auto"], help="how it is measured")
    command.add_argument("--no-measurement", action="store_true", help="leave out what a decision costs here")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.catalogue import described, facts, measured_here  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.estimators.downloads import DOWNLOADS  # noqa: PLC0415
    from recognizers.kinds import misplaced  # noqa: PLC0415

    if arguments.name in DOWNLOADS:
        fields = _download(arguments.name)
    else:
        one = described(arguments.name, arguments.crop_px)
        if problems := misplaced(one.card.kind, {"runtime": arguments.runtime}):
            raise ConfigError([f"{arguments.name}: {problem}" for problem in problems.values()])
        fields = facts(one)
        if not arguments.no_measurement:
            fields["measured"] = measured_here(one, arguments.threads, arguments.runtime)
    output.result(fields, "\n".join(f"{key:14}{_text(value)}" for key, value in fields.items()))
    return 0


def _count(most: int) -> Callable[[str], int]:
    def count(text: str) -> int:
        if not (text.isdecimal() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
        return int(text)

    return count


def _download(name: str) -> dict[str, Any]:
    from recognizers.estimators.downloads import DOWNLOADS, cache_folder  # noqa: PLC0415

    download, path = DOWNLOADS[name], cache_folder(os.environ) / DOWNLOADS[name].file
    return {
        "name": name,
        "url": download.url,
        "sha256": download.sha256,
        "bytes": download.size,
        "licence": download.licence,
        "path": str(path),
        "there": path.is_file(),
    }


def _text(value: Any) -> str:
    """For people."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
