"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path

from recognizers.files import write_whole
from streamer.errors import ClipUnwritable


def store(path: Path, content: bytes) -> None:
    """Write a file and put it in its place once it is on the disk.

    Raises:
        ClipUnwritable: the disk does not take it; nothing is left of it.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise unwritable(path, error) from None


def unwritable(path: Path, error: OSError) -> ClipUnwritable:
    """What the disk said, in the service's words."""
    return ClipUnwritable(f"{path} cannot be written ({error.strerror}); make room, or give another folder")
