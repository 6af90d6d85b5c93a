"""Files that hold secrets: whether others can read them too."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.settings import Settings

_WORLD = stat.S_IROTH | stat.S_IWOTH


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    return [finding for path in dict.fromkeys(secret_files(settings)) for finding in judged(path)]


def secret_files(settings: Settings) -> Iterator[Path]:
    sections = [settings.mqtt, settings.evidence, *settings.sinks, *(stream.source for stream in settings.streams)]
    for section in sections:
        for name in ("password_file", "token_file", "secret_file", "credentials_file"):
            path = getattr(section, name, None)
            if path is not None:
                yield path


def judged(path: Path) -> list[Finding]:
    notes = Notes.of("files", str(path))
    try:
        mode = path.stat().st_mode
    except OSError as error:
        notes.bad(f"cannot be looked at ({error.strerror})", "give a file that this user may read")
        return notes.found
    if not os.access(path, os.R_OK):
        notes.bad("this user may not read it", f"chown it to the user of the service, or `setfacl -m u:USER:r {path}`")
    elif mode & _WORLD:
        notes.warn(f"everybody may read it (mode {mode & 0o777:o}), and it holds a secret", f"chmod 640 {path}")
    else:
        notes.good("holds a secret, and not everybody may read it")
    return notes.found
