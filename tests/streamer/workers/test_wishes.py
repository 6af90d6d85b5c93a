"""Streams of several workers come and go by the API and by the file; what is wrong changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from streamer.audience import Onlookers
from streamer.errors import ConfigError, Exists, NotNow
from streamer.feed import Feed
from streamer.history import History, Limits
from streamer.outbox import Outbox
from streamer.placement import Slot
from streamer.register import Register
from streamer.settings import load
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from streamer.workers.wishes import Wishes
from tests.streamer.workers.test_spreading import FakeWorker
from tests.streamer.workers.test_supervisor import PLANT, plant


def section(name: str) -> dict[str, Any]:
    return {"id": name, "source": {"kind": "rtsp", "url": "rtsp://cam/"}, "watches": [{"id": "b", "recognizer": "a"}]}


@asynccontextmanager
async def wishing(folder: Path, most: int = 16) -> AsyncIterator[tuple[Wishes, FakeWorker]]:
    """One worker, whose slot takes so many streams."""
    file, clock = folder / "plant.yaml", FakeClock()
    if not file.exists():
        file.write_text(PLANT.format(folder=folder))
    async with (
        History.open(folder / "history.db", Limits(), clock) as history,
        asyncio.timeout(20),
        asyncio.TaskGroup() as group,
    ):
        onlookers = Onlookers(Register(clock), Feed(clock), history)
        wishes, worker = Wishes(load(file, {}), file, onlookers, 2, clock), FakeWorker()
        wishes.begin()
        wishes.spreading.joined(Slot("0", most=most), worker)
        running = group.create_task(wishes.spreading.run())
        yield wishes, worker
        running.cancel()


async def test_an_added_stream_is_watched_before_the_answer_and_kept_if_asked(tmp_path: Path) -> None:
    async with wishing(tmp_path) as (wishes, worker):
        view = await wishes.add(section("new"), persist=True)
        assert (view.id, view.origin, worker.held) == ("new", "api", ["cam", "new"])
        with pytest.raises(Exists):
            await wishes.add(section("new"))
        with pytest.raises(Exists):
            await wishes.add(section("cam"))
    async with wishing(tmp_path) as (wishes, worker):
        assert {one.id for one in wishes.settings.streams} == {"cam", "new"}
        await wishes.remove("new", persist=True)
        assert {one.id for one in wishes.settings.streams} == {"cam"}


async def test_a_stream_that_no_worker_takes_is_refused_and_forgotten(tmp_path: Path) -> None:
    async with wishing(tmp_path, most=1) as (wishes, worker):
        with pytest.raises(NotNow, match="no worker has room"):
            await wishes.add(section("new"))
        await wishes.spreading.taken("cam")
        worker.error = ConfigError(["recognizers.a: no such network"])
        with pytest.raises(ConfigError):
            await wishes.change("cam", {**section("cam"), "priority": 3})
        assert [one.priority for one in wishes.settings.streams] == [0], "what was before is wished for"
        assert [one.id for one in wishes.settings.streams] == ["cam"]


async def test_the_file_is_read_again_and_one_with_a_mistake_changes_nothing(tmp_path: Path) -> None:
    async with wishing(tmp_path) as (wishes, worker):
        await wishes.spreading.taken("cam")
        file = tmp_path / "plant.yaml"
        right = file.read_text()
        file.write_text(right + "labels: {folders: labels}\n")
        with pytest.raises(ConfigError, match="labels"):
            await wishes.reload()
        file.write_text(right.replace("id: cam,", "id: other,"))
        changes = await wishes.reload()
        assert (changes.added, changes.removed) == (("other",), ("cam",))
        await wishes.spreading.taken("other")
        assert worker.held == ["other"]


async def test_a_stream_of_the_file_is_changed_until_the_file_says_something_else_of_it(tmp_path: Path) -> None:
    async with wishing(tmp_path) as (wishes, worker):
        await wishes.spreading.taken("cam")
        with pytest.raises(ConfigError, match="change it there"):
            await wishes.change("cam", section("cam"), persist=True)
        with pytest.raises(ConfigError, match="must be cam"):
            await wishes.change("cam", section("other"))
        holds = len(worker.holds)
        view = await wishes.change("cam", {**section("cam"), "priority": 3})
        assert (view.origin, len(worker.holds)) == ("file", holds + 1)
        await wishes.reload()
        assert [one.priority for one in wishes.settings.streams] == [3]
        file = tmp_path / "plant.yaml"
        file.write_text(file.read_text().replace("{id: cam,", "{id: cam, priority: 5,"))
        await wishes.reload()
        assert [one.priority for one in wishes.settings.streams] == [5]


async def test_a_stream_of_the_file_that_was_removed_stays_away_while_the_file_says_the_same(tmp_path: Path) -> None:
    async with wishing(tmp_path) as (wishes, _):
        await wishes.add(section("new"))
        await wishes.remove("cam")
        changes = await wishes.reload()
        assert (changes.added, [one.id for one in wishes.settings.streams]) == ((), ["new"])


async def test_a_procedure_that_changes_alone_is_taken_by_those_who_follow_it(tmp_path: Path) -> None:
    procedure = tmp_path / "gear.yaml"
    procedure.write_text("name: gear\nsteps: {pick: {}}\n")
    follows = PLANT.replace("recognizer: a}", "recognizer: a, procedure: gear.yaml}")
    (tmp_path / "plant.yaml").write_text(follows.format(folder=tmp_path))
    async with wishing(tmp_path) as (wishes, worker):
        await wishes.spreading.taken("cam")
        before, holds = wishes.share(["cam"])["files"], len(worker.holds)
        procedure.write_text("name: gear\nsteps: {pick: {max_s: 9}}\n")
        changes = await wishes.reload()
        assert changes.changed == ("cam",)
        await wishes.spreading.taken("cam")
        assert len(worker.holds) == holds + 1
        now = wishes.share(["cam"])["files"]
        assert now.keys() == before.keys() == {str(procedure)}
        assert now != before


async def test_hard_examples_are_as_many_as_one_worker_would_keep(tmp_path: Path) -> None:
    more = "hard_examples: {folder: hard, per_hour: 30}\n"
    (tmp_path / "plant.yaml").write_text(PLANT.format(folder=tmp_path) + more)
    async with wishing(tmp_path) as (wishes, _):
        assert wishes.share(["cam"])["settings"]["hard_examples"]["per_hour"] == 15


async def test_pictures_of_events_are_addressed_where_the_service_is_asked(tmp_path: Path) -> None:
    async with wishing(tmp_path) as (wishes, _):
        wishes.address = "http://here:8080"
        told = wishes.share(["cam"])
        assert told["settings"]["evidence"]["url"] == "http://here:8080"
        assert told["all"] == ["cam"]


async def test_terms_are_above_those_that_one_worker_gave_itself(tmp_path: Path) -> None:
    clock = FakeClock()
    ahead = int(clock.now()) + 100
    folder = plant(tmp_path).outbox_folder
    async with Outbox.open(folder, clock=FakeClock(ahead), observer=FakeObserver()) as outbox:
        await outbox.accept([message("cam")])
    (folder.parent / "damaged").mkdir()
    (folder.parent / "damaged" / "outbox.db").write_text("no database")
    async with wishing(tmp_path) as (wishes, _):
        await wishes.spreading.taken("cam")
        assert wishes.spreading.placement.newest_term == ahead + 1
