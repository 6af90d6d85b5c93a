"""A full disk: events are refused, what waits can still be delivered, and all heals when there is room again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.errors import OutboxUnavailable
from streamer.outbox import Outbox
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from tests.e2e.disks import fill

pytestmark = pytest.mark.e2e


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

        waiting = await outbox.outlet().pending(0, 5000)
        assert len(waiting) == accepted
        await outbox.outlet().delivered([queued.id for queued in waiting[:100]])
        assert outbox.depth == accepted - 100

        other.unlink()
        (kept,) = await outbox.accept([message()])
        assert kept.seq == accepted + 1


async def test_a_disk_that_fills_up_again_stops_neither_deliveries_nor_epochs(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message(number=n) for n in range(500)])
        first = fill(small_disk)
        accepted = 500 + await accept_until_refused(outbox)
        second = fill(small_disk, "what-the-ballast-held")
        epochs = [await outbox.next_epoch("cam") for _ in range(3)]
        with pytest.raises(OutboxUnavailable, match="disk is full"):
            await outbox.accept([message()])
        assert len(await outbox.outlet().pending(0, 5000)) == accepted

        first.unlink()
        second.unlink()
        (kept,) = await outbox.accept([message()])
        epochs.append(await outbox.next_epoch("cam"))
        assert kept.seq == accepted + 1
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        epochs.append(await outbox.next_epoch("cam"))
    assert sorted(set(epochs)) == epochs


async def test_on_a_full_disk_what_frees_some_gets_the_ballast_at_once(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message(number=n) for n in range(100)])
        waiting = await outbox.outlet().pending(0, 100)
        fill(small_disk)
        for queued in waiting:
            await outbox.outlet().delivered([queued.id])
        assert outbox.depth == 0


async def test_a_disk_that_is_read_only_is_named_and_what_it_holds_is_there_afterwards(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message() for _ in range(10)])
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)  # noqa: ASYNC221
    with pytest.raises(OutboxUnavailable, match="Read-only"):
        async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()):
            pass
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)  # noqa: ASYNC221
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        assert len(await outbox.outlet().pending(0, 100)) == 10


async def test_an_outbox_can_be_opened_on_a_full_disk_and_heals(small_disk: Path) -> None:
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        await outbox.accept([message() for _ in range(10)])
    other = fill(small_disk)
    async with Outbox.open(small_disk / "outbox", clock=SystemClock(), observer=FakeObserver()) as outbox:
        assert len(await outbox.outlet().pending(0, 100)) == 10
        other.unlink()
        await outbox.accept([message()])
