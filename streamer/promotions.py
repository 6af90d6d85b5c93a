"""Which checkpoint was promoted in the place of the configured one: a file and copies in the data folder.

The configuration stays the operator's: it is never written to, and where it names another checkpoint than the one that
was promoted over, it is right and the promotion is forgotten.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from recognizers.card import checkpoint_path
from recognizers.errors import CheckpointMismatch
from recognizers.files import opened, write_whole, written
from recognizers.identity import identity
from streamer.errors import ConfigError

FILE, COPIES = "promoted.json", "models"
MOST = 5
"""Promotions of a recognizer that can be undone one after the other."""


@dataclass(frozen=True, slots=True)
class Promoted:
    """A checkpoint that took the place of another."""

    checkpoint: str
    """Where it is kept: a copy in the data folder; what ships with the package, folders and models of the hub stay
    where they are."""
    source: str
    """As it was named when it was promoted."""
    id: str
    at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The promotions of one recognizer, the latest last."""

    configured: str
    """The checkpoint of the configuration that they stand over."""
    promoted: tuple[Promoted, ...] = ()


class Promotions:
    """What is promoted, by recognizer. One service owns the folder."""

    def __init__(self, folder: Path) -> None:
        """`folder`: the service's data folder.

        Raises:
            ConfigError: what is there cannot be read.
        """
        self._folder, self._file = folder, folder / FILE
        _read(self._file)

    @property
    def _standing(self) -> Mapping[str, Standing]:
        """Read each time: the file may be told by somebody else, see `take`."""
        return _read(self._file)

    @property
    def said(self) -> Mapping[str, Any]:
        """All that is promoted, as JSON has it."""
        return {name: asdict(one) for name, one in self._standing.items()}

    def take(self, said: Mapping[str, Any]) -> None:
        """What another folder's promotions say (`said`) holds here too; copies stay where they are. Raises OSError."""
        if said != self.said:
            write_whole(self._file, json.dumps(said, indent=1).encode())

    def latest(self, recognizer: str, configured: str) -> Promoted | None:
        """What runs in the place of the configured checkpoint; None: that itself does."""
        standing = self._over(recognizer, configured)
        return standing.promoted[-1] if standing.promoted else None

    def overruled(self, recognizer: str, configured: str) -> str | None:
        """The checkpoint that a promotion stood over, where the configuration has changed since."""
        standing = self._standing.get(recognizer)
        return standing.configured if standing and standing.promoted and standing.configured != configured else None

    def before(self, recognizer: str, configured: str) -> Promoted:
        """What an undo goes back to.

        Raises:
            ConfigError: there is nothing to undo.
            CheckpointMismatch: the configured checkpoint cannot be read.
        """
        standing = self._over(recognizer, configured)
        if not standing.promoted:
            raise ConfigError([f"recognizers.{recognizer}: nothing was promoted over {configured}; nothing to undo"])
        if len(standing.promoted) > 1:
            return standing.promoted[-2]
        return Promoted(configured, configured, identity(configured), standing.promoted[-1].at)

    def keep(self, source: str, at: float) -> Promoted:
        """Copy a checkpoint into the data folder, so that it stays what it is whatever becomes of the file.

        Raises:
            CheckpointMismatch: it cannot be read.
            OSError: the disk does not take it.
        """
        model = identity(source)
        if source.startswith(("bundled:", "hub:")) or (path := checkpoint_path(source)).is_dir():
            return Promoted(source, source, model, at)
        copy = self._folder / COPIES / f"{model}{path.suffix}"
        if not copy.exists():
            with written(copy) as part, opened(path) as original:
                shutil.copyfileobj(original, part)
                part.flush()
                if identity(part.name) != model:
                    raise CheckpointMismatch(f"{source} changed while it was read; promote it when it is whole")
        return Promoted(str(copy), source, model, at)

    def promote(self, recognizer: str, configured: str, promoted: Promoted) -> None:
        """Remember a promotion, durably. Raises OSError where the disk does not take it: then nothing has changed."""
        standing = self._over(recognizer, configured)
        self._write(recognizer, replace(standing, promoted=(*standing.promoted, promoted)[-MOST:]))

    def undo(self, recognizer: str, configured: str) -> None:
        """Forget the latest promotion, likewise."""
        standing = self._over(recognizer, configured)
        self._write(recognizer, replace(standing, promoted=standing.promoted[:-1]))

    def _over(self, recognizer: str, configured: str) -> Standing:
        standing = self._standing.get(recognizer)
        return standing if standing and standing.configured == configured else Standing(configured)

    def _write(self, recognizer: str, standing: Standing) -> None:
        now = {**self._standing, recognizer: standing}
        write_whole(self._file, json.dumps({name: asdict(one) for name, one in now.items()}, indent=1).encode())
        used = {one.checkpoint for each in now.values() for one in each.promoted}
        for copy in (self._folder / COPIES).glob("*"):
            if str(copy) not in used:
                copy.unlink(missing_ok=True)


def _read(file: Path) -> Mapping[str, Standing]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        return {
            name: Standing(one["configured"], tuple(Promoted(**each) for each in one["promoted"]))
            for name, one in said.items()
        }
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ConfigError(
            [f"{file}: cannot be read ({error}); remove it, and what the configuration names runs again"]
        ) from error
