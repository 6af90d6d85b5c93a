"""What Prometheus sees of the process, its machine and the disk it keeps events on."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge


class MachineMetrics:
    """Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        build = Gauge("takt_build_info", "Versions in use.", ["version", "python", "av"], registry=registry)
        build.labels(_version("taktstream"), platform.python_version(), _version("av")).set(1)
        prometheus_client.ProcessCollector(registry=registry)
        prometheus_client.GCCollector(registry=registry)
        self._free = Gauge("takt_disk_free_bytes", "Free space where events wait.", registry=registry)
        self._size = Gauge("takt_disk_size_bytes", "Size of the volume where events wait.", registry=registry)
        self._capacity = Gauge("takt_outbox_capacity_bytes", "What the outbox may grow to.", registry=registry)
        self._damaged = Gauge("takt_outbox_quarantined", "Damaged outbox files that were set aside.", registry=registry)
        self._steps = Counter("takt_clock_steps", "How often this machine's clock was set.", registry=registry)

    def keeps(self, folder: Path, outbox_bytes: int) -> None:
        """Where events wait, and in how many bytes; the disk is looked at whenever somebody asks."""
        self._capacity.set(outbox_bytes)
        self._free.set_function(partial(_usage, folder, lambda of: of[2]))
        self._size.set_function(partial(_usage, folder, lambda of: of[0]))
        self._damaged.set_function(lambda: len(list(folder.glob("quarantine-*"))))

    def clock_stepped(self) -> None:
        self._steps.inc()


def _usage(folder: Path, part: Callable[[tuple[int, int, int]], int]) -> float:
    """Of total, used and free bytes one; NaN while the folder is away."""
    try:
        return part(shutil.disk_usage(folder))
    except OSError:
        return float("nan")


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
