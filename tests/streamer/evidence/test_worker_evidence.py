"""A worker keeps pictures of its events, of lost and of ending streams too, and never waits for them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamer.evidence.developing import Here
from streamer.evidence.keeper import EvidenceKeeper, StreamEvidence
from streamer.evidence.rules import EvidenceRule
from streamer.evidence.shelf import Limits, Shelf
from streamer.frame import Frame
from streamer.media.packets import CodedPicture, Excerpt
from streamer.media.ring import PacketRing
from streamer.sources.base import Source
from tests.streamer.evidence.benches import REGION, RULE, SHOWS_ALL, Counts
from tests.streamer.one_worker import FOR_EVER, LOST, Plant


class Tapped:
    """A source beside which a camera's packets arrive: each before the picture that is decoded from it."""

    def __init__(self, source: Source, ring: PacketRing, film: Excerpt) -> None:
        self._source, self._ring, self._film = source, ring, film

    async def frames(self, epoch: int) -> AsyncGenerator[Frame, None]:
        self._ring.opened(epoch, self._film.coding)
        self._ring.began(0.0)
        waiting = list(self._film.pictures)
        unit_s = float(self._film.coding.time_base)
        async for frame in self._source.frames(epoch):
            while waiting and waiting[0].pts * unit_s <= frame.media_s + 1e-6:
                taken: CodedPicture = waiting.pop(0)
                self._ring.keep(taken)
            yield frame


class Kept:
    """A plant of one camera with evidence."""

    def __init__(self, folder: Path, film: Excerpt, script: list[Any], rule: EvidenceRule = RULE) -> None:
        self.plant, self.counts = Plant(folder), Counts()
        ring = PacketRing(rule.reaches_back_s, 16 << 20)
        self.plant.camera("cam", script, FOR_EVER)
        self.plant.sources["cam"] = Tapped(self.plant.sources["cam"], ring, film)
        self.folder = folder / "evidence"
        shelf = Shelf(self.folder, Limits(1.0, 64 << 20), self.plant.clock, self.counts)
        streams = {"cam": StreamEvidence(ring, {"bench": rule}, {"bench": REGION}, SHOWS_ALL)}
        self.plant.evidence = EvidenceKeeper(streams, shelf, "http://here", Here(), self.plant.clock, self.counts)

    def named(self) -> list[str]:
        """Files that published events name."""
        bodies: list[Any] = [message.body for message in self.plant.sink.messages]
        return sorted(body["evidence"]["clip"].rpartition("/")[2] for body in bodies if "evidence" in body)

    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir()) if self.folder.exists() else []


async def test_a_start_a_loss_and_an_end_with_the_service_have_a_clip_each(tmp_path: Path, film: Excerpt) -> None:
    here = Kept(tmp_path, film, [*FOR_EVER[:40], LOST])
    async with here.plant.running():
        await here.plant.until(lambda: len(here.plant.told("cam")) == 3)
        await here.plant.clock.advance(1.0)
    assert here.plant.told("cam") == [
        ("started", None), ("ended", "source_lost"), ("started", None), ("ended", "shutdown"),
    ]  # fmt: skip
    assert len(here.named()) == 4
    assert here.kept() == here.named()
    assert here.counts.told == ["stored clip"] * 4


async def test_events_are_delivered_before_their_clips_are_there(tmp_path: Path, film: Excerpt) -> None:
    here = Kept(tmp_path, film, FOR_EVER, replace(RULE, after_s=3000.0, longest_s=4000.0))
    async with here.plant.running():
        await here.plant.until(lambda: len(here.plant.told("cam")) == 1)
        assert len(here.named()) == 1
        assert here.kept() == []
    assert here.plant.told("cam") == [("started", None), ("ended", "shutdown")]
    assert here.kept() == here.named()
    assert len(here.kept()) == 2
