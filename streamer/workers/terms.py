"""The newest term that was given, kept over restarts of the supervisor: terms of a stream only ever grow."""

from __future__ import annotations

import logging
from pathlib import Path

_log = logging.getLogger(__name__)


class Terms:
    """A file of one number."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept = self._read()

    def first(self, now: float) -> int:
        """Above every one that was given: the Unix second, or one more than the last where that is larger."""
        return max(int(now), self._kept + 1)

    def keep(self, newest: int) -> None:
        """It was given, or is about to be. A disk that does not take it is told of; the clock is the next best."""
        if newest <= self._kept:
            return
        self._kept = newest
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new = self._file.with_suffix(".new")
            new.write_text(f"{newest}\n")
            new.replace(self._file)
        except OSError as error:
            _log.error("%s cannot be written (%s): terms go by the clock at the next start", self._file, error.strerror)

    def _read(self) -> int:
        try:
            return int(self._file.read_text())
        except (OSError, ValueError):
            return 0
