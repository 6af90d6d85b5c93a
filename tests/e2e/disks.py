"""Disks without room."""

from __future__ import annotations

from pathlib import Path


def fill(disk: Path, name: str = "somebody-elses") -> Path:
    """Somebody else takes all that is left."""
    other = disk / name
    with other.open("wb", buffering=0) as handle:
        try:
            while handle.write(b"x" * 4096):
                pass
        except OSError:
            return other
    return other
