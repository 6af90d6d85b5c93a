"""Disks without room."""

from __future__ import annotations

from pathlib import Path


def fill(disk: Path) -> Path:
    """Somebody else takes all that is left."""
    other = disk / "somebody-elses"
    with other.open("wb", buffering=0) as handle:
        try:
            while handle.write(b"x" * 65536):
                pass
        except OSError:
            return other
    return other
