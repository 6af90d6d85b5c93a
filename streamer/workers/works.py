"""Which procedures are followed where, as the API tells it: read by the supervisor itself, since it has no watches."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from streamer.errors import ConfigError
from streamer.procedure.graph import Procedure
from streamer.procedure.made import procedure_of
from streamer.rereading import Digests
from streamer.settings import Settings, load_procedure
from streamer.web.api.parts import Work

_log = logging.getLogger(__name__)


class Works:
    """Reads each file once, and again when it says something else."""

    def __init__(self) -> None:
        self._known: dict[Path, tuple[str | None, Procedure]] = {}

    def of(self, settings: Settings, digests: Digests) -> list[Work]:
        """Each procedure once, with the watches that follow it. `digests`: what the files said when they were read."""
        found: dict[str, tuple[Procedure, list[tuple[str, str]]]] = {}
        for stream in settings.streams:
            for watch in stream.watches:
                procedure = None if watch.procedure is None else self._read(watch.procedure, digests)
                if procedure is not None:
                    found.setdefault(procedure.name, (procedure, []))[1].append((stream.id, watch.id))
        return [Work(procedure, tuple(places)) for procedure, places in found.values()]

    def _read(self, file: Path, digests: Digests) -> Procedure | None:
        digest, known = digests.get(file), self._known.get(file)
        if known is not None and known[0] == digest:
            return known[1]
        try:
            procedure = procedure_of(load_procedure(file, os.environ))
        except ConfigError as error:  # told when a worker is to follow it
            _log.info("%s is not shown: %s", file, error)
            return None if known is None else known[1]
        self._known[file] = digest, procedure
        return procedure
