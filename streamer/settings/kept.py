"""Streams that were added while the service ran and are to stay: a file of their own, beside the data."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from recognizers.files import write_whole
from streamer.errors import ConfigError
from streamer.settings.reading import MOST_CHARACTERS, MOST_VALUES, read

KEPT = "streams.yaml"
"""In the data folder."""
_PRIVATE = 0o600
"""Addresses hold passwords."""
_SAID = """\
# Streams that were added while the service ran, and are to stay. The service reads them at its start, beside those of
# its configuration, and writes this file when one is added, changed or removed with `persist=true`.
# To make one part of your configuration, copy it below `streams:` there and remove it here while the service is down.
"""


class KeptStreams:
    """Those of a data folder: sections by id, as they were given and are to stay."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / KEPT
        self._sections: dict[str, Mapping[str, Any]] = {}
        self._written = self._sections
        """What the file holds: a disk that took nothing is asked again."""
        self._is_readable = True

    def read(self) -> Mapping[str, Mapping[str, Any]]:
        """Raises ConfigError: the file cannot be read; then it is not written either."""
        self._is_readable = False
        self._written = {str(section.get("id")): section for section in read_kept(self.file)}
        self._sections = dict(self._written)
        self._is_readable = True
        return self._sections

    def keep(self, stream: str, section: Mapping[str, Any] | None) -> None:
        """From now on, instead of what was kept of the stream; None: nothing is.

        Raises:
            ConfigError: the file cannot be written, or would say more than is read again.
        """
        before = self._sections
        self._sections = {name: one for name, one in self._sections.items() if name != stream}
        self._sections |= {} if section is None else {stream: section}
        if self._sections == self._written:
            return
        if not self._is_readable:
            raise ConfigError([f"{self.file}: could not be read at the start; mend it, or remove it, and start again"])
        if not _is_read_again(self._sections):
            self._sections = before
            raise ConfigError([f"{self.file}: would say more than it may; the change holds until the next start"])
        try:
            write_kept(self.file, list(self._sections.values()))
        except OSError as error:
            words = f"{self.file}: cannot be written ({error.strerror}); the change holds until the next start"
            raise ConfigError([words]) from error
        self._written = self._sections


def _is_read_again(sections: Mapping[str, Mapping[str, Any]]) -> bool:
    """Half of what may be read is as much as is written: mappings count twice there, and YAML is longer than JSON."""
    return 2 * _values(sections) < MOST_VALUES and 4 * len(json.dumps(sections)) < MOST_CHARACTERS


def _values(value: object) -> int:
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return 1 + sum(map(_values, inside))


def read_kept(file: Path) -> list[dict[str, Any]]:
    """The sections as they were given; none where there is no file.

    Raises:
        ConfigError: it cannot be read.
    """
    if not file.exists():
        return []
    document = read(file, {})
    streams = [section for _, section in document.find("streams", "*")]
    if document.problems:
        raise ConfigError(document.problems)
    return [section for section in streams if isinstance(section, dict)]


def write_kept(file: Path, sections: Sequence[Mapping[str, Any]]) -> None:
    """All of them at once, for this user alone. Raises OSError."""
    told = yaml.safe_dump({"streams": [dict(one) for one in sections]}, sort_keys=False, allow_unicode=True)
    write_whole(file, (_SAID + told).encode(), _PRIVATE)
