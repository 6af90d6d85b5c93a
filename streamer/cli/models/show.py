"""What a model sees and says, and what it costs: by the name of the list, or the path of a checkpoint.

A network without weights is taken as published ones are compared: 400 labels, pictures of 224 pixels."""

from __future__ import annotations

import argparse
import os
from typing import Any

from streamer.cli.output import Output


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME")
    command.add_argument("--crop-px", type=int, metavar="N", help="pixels of a side, for a network without weights")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads while it is measured")
    command.add_argument("--runtime", default="torch", choices=["torch", "openvino", "auto"], help="how it is measured")
    command.add_argument("--no-measurement", action="store_true", help="leave out what a decision costs here")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.catalogue import described, facts, measured_here  # noqa: PLC0415 - torch takes seconds to import
    from recognizers.estimators.downloads import DOWNLOADS  # noqa: PLC0415

    if arguments.name in DOWNLOADS:
        fields = _download(arguments.name)
    else:
        one = described(arguments.name, arguments.crop_px)
        fields = facts(one)
        if not arguments.no_measurement:
            fields["measured"] = measured_here(one, arguments.threads, arguments.runtime)
    output.show(fields, "\n".join(f"{key:14}{_text(value)}" for key, value in fields.items()))
    return 0


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
