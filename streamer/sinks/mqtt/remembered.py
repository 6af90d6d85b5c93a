"""Which topics hold a value of ours, over restarts: what is shown no more can then be taken away."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from pathlib import Path

from recognizers.files import write_whole

_log = logging.getLogger(__name__)

MOST = 100_000
"""Topics that are remembered; a file of more is none of ours."""


class Remembered:
    """A file of topics. Without it, or where it cannot be read or written, nothing is taken away."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._said: set[str] | None = None

    def topics(self) -> set[str]:
        """Those of the process before, with the prefix of that time."""
        try:
            said = [] if self._file is None else json.loads(self._file.read_text(encoding="utf-8"))["topics"]
        except FileNotFoundError:
            return set()
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            _log.warning("what was shown before is not known, so it stays: %s cannot be read (%s)", self._file, error)
            return set()
        known = [topic for topic in said if isinstance(topic, str) and topic] if isinstance(said, list) else []
        return set(known[:MOST])

    def keep(self, topics: Iterable[str]) -> None:
        """Those that hold a value of ours now."""
        topics = set(topics)
        if self._file is None or topics == self._said:
            return
        try:
            write_whole(self._file, json.dumps({"topics": sorted(topics)}, indent=1).encode())
        except OSError as error:
            _log.warning("what is shown cannot be remembered for the next start: %s", error.strerror or error)
        else:
            self._said = topics
