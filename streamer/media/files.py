"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from streamer.errors import ClipUnwritable


def store(path: Path, content: bytes) -> None:
    """Write a file and put it in its place once it is on the disk.

    Raises:
        ClipUnwritable: the disk does not take it; nothing is left of it.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ClipUnwritable:
    """What the disk said, in the service's words."""
    return ClipUnwritable(f"{path} cannot be written ({error.strerror}); make room, or give another folder")
