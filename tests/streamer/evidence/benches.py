"""A camera whose packets come when the test says so, and a keeper beside it, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from recognizers.clip import WHOLE_PICTURE, Clip, Region
from streamer.event import ActionEvent, Phase, Reason, action_id
from streamer.evidence.backlog import Backlog
from streamer.evidence.developing import Developer, Here
from streamer.evidence.keeper import EvidenceKeeper, StreamEvidence
from streamer.evidence.privacy import Privacy
from streamer.evidence.rules import ALL, EvidenceRule
from streamer.evidence.shelf import Limits, Shelf
from streamer.media.packets import Excerpt
from streamer.media.ring import PacketRing
from streamer.testing.time import FakeClock

RULE = EvidenceRule(
    actions=frozenset({ALL}), phases=frozenset({"started", "ended"}), before_s=1.0, after_s=1.0, snapshot=False
)
WITH_SNAPSHOT = replace(RULE, snapshot=True)
REGION = Region(0.25, 0.25, 0.75, 0.75)
SHOWS_ALL = Privacy()
BASE = "http://here:9464"


class Counts:
    """What is told for metrics, as text."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.used = -1

    def evidence_stored(self, kind: str, took_s: float) -> None:
        assert took_s >= 0
        self.told.append(f"stored {kind}")

    def evidence_dropped(self, kind: str, reason: str) -> None:
        self.told.append(f"dropped {kind} {reason}")

    def evidence_removed(self, reason: str, files: int) -> None:
        self.told.append(f"removed {files} {reason}")

    def evidence_bytes(self, used: int) -> None:
        self.used = used


class Bench:
    """One stream, `cam`, with a watch, `bench`; media time 0 is the clock's beginning."""

    def __init__(
        self,
        folder: Path,
        film: Excerpt,
        rule: EvidenceRule = RULE,
        memory: int = 16 << 20,
        privacy: Privacy = SHOWS_ALL,
        developer: Developer | None = None,
    ) -> None:
        self.film, self.clock, self.counts = film, FakeClock(), Counts()
        self.ring = PacketRing(rule.reaches_back_s, memory)
        self.shelf = Shelf(folder, Limits(hours=1.0, max_bytes=64 << 20), self.clock, self.counts)
        streams = {"cam": StreamEvidence(self.ring, {"bench": rule}, {"bench": REGION}, privacy)}
        self.keeper = EvidenceKeeper(streams, self.shelf, BASE, developer or Here(), self.clock, self.counts)
        self.epoch, self._next = 0, 0
        self.connect(1)

    def connect(self, epoch: int) -> None:
        """A connection begins: the film from its start."""
        self.epoch, self._next, self._began_s = epoch, 0, self.clock.passed_s
        self.ring.opened(epoch, self.film.coding)
        self.ring.began(0.0)

    async def watch(self, seconds: float) -> None:
        """The camera sends for so long, and each of its pictures is looked at."""
        until_s = self.clock.passed_s - self._began_s + seconds
        unit_s = float(self.film.coding.time_base)
        while self._next < len(self.film.pictures):
            picture = self.film.pictures[self._next]
            media_s = picture.pts * unit_s
            if media_s > until_s:
                break
            await self.clock.advance(self._began_s + media_s - self.clock.passed_s)
            self.ring.keep(picture)
            self.keeper.saw(self.clip(media_s))
            self._next += 1
        await self.clock.advance(self._began_s + until_s - self.clock.passed_s)

    def clip(self, media_s: float) -> Clip:
        at, zero_at = self.clock.now(), self.clock.began + self._began_s
        black = (np.zeros((8, 8, 3), np.uint8),)
        return Clip("cam", "bench", self.epoch, 0, media_s, media_s, at, zero_at, WHOLE_PICTURE, 1.0, black)

    def happens(
        self, phase: Phase = Phase.STARTED, ago_s: float = 0.0, took_s: float = 0.0, reason: Reason | None = None
    ) -> ActionEvent:
        """An event of `ago_s` ago is decided now; returned as it is published."""
        at = self.clock.now() - ago_s
        segment = action_id("cam", "bench", self.epoch, "pick", at - took_s)
        event = ActionEvent(
            segment, "cam", "bench", self.epoch, "pick", phase, at, at - took_s, self.clock.now(), None, 0.9, reason
        )
        return self.keeper.attach(event)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.keeper.run())
            yield
            task.cancel()

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.shelf.folder.iterdir())

    async def written(self) -> None:
        """Return when nothing waits to be written any more."""
        await _done(self.keeper._backlog)

    async def tidied(self) -> None:
        await _done(self.keeper._tidying)


async def _done(backlog: Backlog) -> None:
    waiting = [asyncio.wrap_future(done) for done in backlog._waiting]
    if waiting:
        await asyncio.wait(waiting, timeout=20)
