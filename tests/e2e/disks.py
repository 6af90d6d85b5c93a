"""Disks without room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk_of(folder: Path, mib: int) -> Iterator[Path]:
    """A file system of our own: `make test` runs as root, or in a namespace in which everybody may mount."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root or: unshare --user --map-root-user --mount .venv/bin/pytest …")
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={mib}m", "tmpfs"]
    if subprocess.run(["mount", *options, folder], capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


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
