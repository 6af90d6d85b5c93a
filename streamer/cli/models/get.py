"""Fetch a model that is not part of this package, by the name of the list; or any file of which the SHA-256 is known.

It is put into the cache folder, where the service looks for it, whole or not at all. Its SHA-256 must be that of the
list, or the one that is given; a file with any other is thrown away."""

from __future__ import annotations

import argparse
import os
import string
from pathlib import Path

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from streamer.cli.output import Output, printable
from streamer.errors import ConfigError

MIRROR = "TAKT_MIRROR"


def arguments(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="NAME", help="of the list, or an address with --sha256")
    command.add_argument(
        "--mirror", metavar="URL", help=f"a folder of the web that has the file too; else the environment's {MIRROR}"
    )
    command.add_argument("--sha256", type=_digest, metavar="HEX", help="of the file; must be given with an address")
    command.add_argument("--out", type=Path, metavar="FILE", help="where to put it instead")


def main(arguments: argparse.Namespace, output: Output) -> int:
    from recognizers.estimators.downloads import DOWNLOADS, Download, cache_folder  # noqa: PLC0415
    from recognizers.fetch import fetch, is_whole  # noqa: PLC0415

    wanted = DOWNLOADS.get(arguments.name)
    if wanted is None:
        if arguments.sha256 is None or "://" not in arguments.name:
            known = ", ".join(DOWNLOADS)
            raise ConfigError([f"no model {arguments.name!r}; there are: {known}. Or give an address with --sha256"])
        wanted = Download(arguments.name, arguments.sha256, size=None, licence="")
    elif arguments.sha256 not in (None, wanted.sha256):
        raise ConfigError([f"--sha256: {arguments.name} was published with {wanted.sha256}; leave it out"])
    mirror = arguments.mirror or os.environ.get(MIRROR)
    if not wanted.file:
        raise ConfigError([f"{arguments.name} names no file; give the address of one"])
    url = f"{mirror.rstrip('/')}/{wanted.file}" if mirror else wanted.url
    target: Path = arguments.out or cache_folder(os.environ) / wanted.file
    try:
        fetched = not is_whole(target, wanted.sha256)
        if fetched:
            with _Bar(output, wanted.file) as bar:
                fetch(url, target, wanted.sha256, wanted.size, bar.tick)
    except OSError as error:
        raise ConfigError([f"{target}: {error.strerror}; give a place that can be written"]) from error
    fields = {"name": arguments.name, "path": str(target), "sha256": wanted.sha256, "fetched": fetched}
    output.result(fields, (str(target), "green"), f" from {url}" if fetched else " was there already")
    return 0


def _digest(text: str) -> str:
    if len(text) != 64 or set(text) - set(string.hexdigits):
        raise argparse.ArgumentTypeError("must be 64 hexadecimal digits")
    return text.lower()


class _Bar:
    """How much of a file is there, on standard error."""

    def __init__(self, output: Output, file: str) -> None:
        columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        self._progress = Progress(*columns, console=output.errors)
        self._task = self._progress.add_task(printable(file), total=None)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def tick(self, there: int, of: int | None) -> None:
        self._progress.update(self._task, completed=there, total=of)
