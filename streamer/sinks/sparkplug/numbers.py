"""Numbers of connections, `bdSeq`: one more for each that is tried, also after the process was killed."""

from __future__ import annotations

import json
import logging
from pathlib import Path

from recognizers.files import write_whole
from streamer.sinks.sparkplug.node import SEQUENCE

_log = logging.getLogger(__name__)


class Connections:
    """Counts from 0 to 255 and on from 0. Where the file cannot be read or written, from what is known."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._last = self._read()

    def next(self) -> int:
        """The number of the connection that is about to be tried; on the disk before it is."""
        self._last = (self._last + 1) % SEQUENCE
        try:
            write_whole(self._file, json.dumps({"bdSeq": self._last}).encode())
        except OSError as error:
            _log.error("the number of the connection is not kept for the next start: %s", error.strerror or error)
        return self._last

    def _read(self) -> int:
        try:
            last = json.loads(self._file.read_bytes())["bdSeq"]
        except FileNotFoundError:
            return -1
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("the number of the last connection is not known, %s cannot be read: %s", self._file, error)
            return -1
        return last % SEQUENCE if isinstance(last, int) else -1
