"""Whether files say something else than when they were loaded: they are read again and again, since nothing else tells.

A symbolic link that is swapped (Kubernetes), an editor that writes a file of its own and renames it, a network drive:
all of them change what is read, and that is all that is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from recognizers.files import opened
from streamer.errors import ConfigError

MOST_BYTES = 16 << 20
"""A configuration is not larger; of what is, the beginning counts."""
Digests = Mapping[Path, str | None]
"""What files say, in a few bytes each; None: it cannot be read now, or is a pipe or a device, where nobody waits."""


@dataclass(frozen=True, slots=True)
class Written:
    """Where a configuration is written, to be read again when it changes."""

    file: Path
    environment: Mapping[str, str]
    again: asyncio.Event = field(default_factory=asyncio.Event)
    """Somebody asks that it is read again, changed or not."""


def check_readable(file: Path) -> None:
    """Raises ConfigError where it is none that is read again: what is there may have become a pipe."""
    try:
        opened(file).close()
    except OSError as error:
        words = f"{file}:1: configuration: cannot be read ({error.strerror}); give the path of a YAML file"
        raise ConfigError([words]) from error


def digests(files: Iterable[Path]) -> Digests:
    """Of the files as they are now."""
    return {file: _digest(file) for file in files}


def _digest(file: Path) -> str | None:
    try:
        with opened(file) as content:
            return sha256(content.read(MOST_BYTES)).hexdigest()
    except OSError:
        return None


class Rereading:
    """Decides when to load. Pure."""

    def __init__(self, loaded: Digests) -> None:
        self.loaded = self._before = loaded

    def is_due(self, now: Digests) -> bool:
        """Whether files say something else than what was loaded, all can be read, and they said the same a look ago:
        what is written bit by bit is not loaded in the middle."""
        settled, self._before = now == self._before, now
        return settled and now != self.loaded and None not in now.values()

    def took(self, now: Digests) -> None:
        """That is loaded, or was found to be wrong: it is not tried again before it changes."""
        self.loaded = self._before = now

    def renewed(self, now: Digests) -> list[Path]:
        """Files that say something else than what was loaded."""
        return [file for file, digest in now.items() if file in self.loaded and self.loaded[file] != digest]
