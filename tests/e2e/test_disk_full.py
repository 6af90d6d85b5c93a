"""A full disk: events are refused, what waits can still be delivered, and all heals when there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.errors import OutboxUnavailable
from streamer.outbox import Outbox
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver

pytestmark = pytest.mark.e2e
MIB = 1 << 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MiB of our own: only root can mount one."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root; the budget's own limit is tested in test_outbox.py")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


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


def give_back(file: Path) -> None:
    file.unlink()


async def accept_until_refused(outbox: Outbox) -> int:
    for number in range(5000):
        try:
            await outbox.accept([message(number=number)])
        except OutboxUnavailable:
            return number
    raise AssertionError("the disk was never full")


async def test_a_full_disk_refuses_delivers_and_heals(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message(number=n) for n in range(500)])
        other = fill(small_disk)
        accepted = 500 + await accept_until_refused(outbox)
        with pytest.raises(OutboxUnavailable, match="disk is full"):
            await outbox.accept([message()])

        waiting = await outbox.pending(0, 5000)
        assert len(waiting) == accepted
        await outbox.delivered([queued.id for queued in waiting[:100]])
        assert outbox.depth == accepted - 100

        give_back(other)
        (kept,) = await outbox.accept([message()])
        assert kept.seq == accepted + 1


async def test_an_outbox_can_be_opened_on_a_full_disk_and_heals(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message() for _ in range(10)])
    other = fill(small_disk)
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        assert len(await outbox.pending(0, 100)) == 10
        give_back(other)
        await outbox.accept([message()])
