"""A real broker, somebody who listens, and a small disk."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer
from tests.e2e.mosquitto import Mosquitto


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "broker") as running:
        yield running


@pytest.fixture
def consumer(broker: Mosquitto) -> Iterator[Consumer]:
    """Connected before anything is sent, until after the test."""
    with Consumer(broker.port) as listening:
        yield listening


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB of our own: `make test` runs as root, or in a namespace in which everybody may mount."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root or: unshare --user --map-root-user --mount .venv/bin/pytest …")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)
