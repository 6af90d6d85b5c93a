"""A real broker, somebody who listens, and a small disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.consumer import Consumer
from tests.e2e.disks import disk_of
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
    with disk_of(tmp_path / "disk", 8) as disk:
        yield disk
