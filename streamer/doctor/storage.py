"""The folder where events wait: whether it can be written, how much room there is, how fast it is durable."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Protocol

from streamer.clock import Clock
from streamer.doctor.finding import Finding, Notes
from streamer.settings import Settings, workers_of

SLOW_S, TOO_SLOW_S = 0.05, 0.5
"""Median of a durable write."""
NETWORKED = ("nfs", "cifs", "smb", "fuse", "9p", "ceph", "glusterfs")
_WRITES, _BLOCK = 7, b"\0" * 4096
_MIB = 1 << 20


async def look(settings: Settings, clock: Clock) -> list[Finding]:
    return _looked_at(settings)


def _looked_at(settings: Settings) -> list[Finding]:
    notes = Notes.of("disk", str(settings.data_dir))
    folder = existing(settings.data_dir.absolute())
    try:
        _room(notes, settings, shutil.disk_usage(folder))
        judge_kind(notes, file_system(folder, Path("/proc/mounts").read_text(encoding="utf-8")))
        judge_speed(notes, durable_write_s(folder))
    except OSError as error:
        fix = "make it, on a local disk, and let the user of the service write there"
        notes.bad(f"cannot be written ({error.strerror})", fix)
    return notes.found


def existing(folder: Path) -> Path:
    """The folder, or the nearest above it that is there: nothing is made before the service does."""
    return next(one for one in (folder, *folder.parents) if one.exists())


class Disk(Protocol):
    """As `shutil.disk_usage` says it, in bytes."""

    @property
    def total(self) -> int: ...

    @property
    def free(self) -> int: ...


def _room(notes: Notes, settings: Settings, disk: Disk) -> None:
    folder, workers = settings.outbox_folder.parent, workers_of(settings)
    used = sum(file.stat().st_size for file in folder.glob("*/*") if file.is_file())
    wanted = workers * min(settings.outbox.budget_mib * _MIB, disk.total // 2) - used
    if settings.evidence_folder.is_relative_to(settings.data_dir) and asks_for_evidence(settings):
        wanted += settings.evidence.max_mib * _MIB
    if disk.free < wanted:
        says = f"{disk.free // _MIB} MiB are free, and an outage of the broker may need {wanted // _MIB}"
        says += f" for the outboxes of {workers} workers" if workers > 1 else ""
        notes.bad(says, "make room, lower outbox.budget_mib or evidence.max_mib, or give data_dir a volume of its own")
    elif settings.outbox.budget_mib * _MIB > disk.total // 2:
        says = f"the volume has {disk.total // _MIB} MiB; only half of it is used, less than outbox.budget_mib"
        notes.warn(says, "give data_dir a larger volume, or lower outbox.budget_mib to what is meant")
    else:
        notes.good(f"{disk.free // _MIB} MiB are free; an outage of the broker may need {max(0, wanted) // _MIB}")


def asks_for_evidence(settings: Settings) -> bool:
    watches = (watch for stream in settings.streams for watch in stream.watches)
    return settings.evidence.asks or any(watch.evidence.asks for watch in watches)


def judge_kind(notes: Notes, kind: str) -> None:
    if kind.startswith(NETWORKED):
        notes.bad(f"lies on {kind}: locks and durable writes are not to be trusted there", "give data_dir a local disk")
    elif kind in ("tmpfs", "ramfs"):
        notes.warn("lies in memory: events that wait are lost with the power", "give data_dir a disk")


def file_system(folder: Path, mounts: str) -> str:
    """Its kind, by the lines of /proc/mounts; `?` where nobody says."""
    inside = folder.resolve()
    rows = [line.split() for line in mounts.splitlines()]
    over = [(len(row[1]), row[2]) for row in rows if len(row) > 2 and inside.is_relative_to(row[1])]
    return max(over, default=(0, "?"))[1]


def durable_write_s(folder: Path) -> float:
    """Median seconds of writing 4 KiB so that they outlive the power. Raises OSError."""
    took = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_WRITES):
            began = time.perf_counter()
            file.write(_BLOCK)
            file.flush()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took)


def judge_speed(notes: Notes, took_s: float) -> None:
    says = f"a durable write takes {1e3 * took_s:.1f} ms"
    if took_s > TOO_SLOW_S:
        notes.bad(f"{says}: each event is late by that", "give data_dir an SSD, or find who else writes to this disk")
    elif took_s > SLOW_S:
        notes.warn(f"{says}, which is slow", "find who else writes to this disk; an SSD needs less than 10 ms")
    else:
        notes.good(says)
