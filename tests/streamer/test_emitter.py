"""Events become durable in order, whatever the disk does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.clock import SystemClock
from streamer.emitter import RETRY_S, Emitter
from streamer.errors import OutboxUnavailable
from streamer.event import ActionEvent, CycleEvent, Event, Evidence, OpenAction, OpenCycle, Phase, Reason, StepEvent
from streamer.testing.messages import cycle_end, cycle_start, step_done
from streamer.testing.time import FakeClock
from streamer.wire import Message
from tests.schemas import validate


class Disk:
    """Takes messages; refuses as often as told."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.accepted: list[Message] = []
        self.opened: list[UUID] = []
        self.closed: list[UUID] = []

    async def accept(
        self, messages: Sequence[Message], opened: Sequence[OpenAction | OpenCycle] = (), closed: Sequence[UUID] = ()
    ) -> Sequence[Message]:
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise OutboxUnavailable("disk full")
        self.accepted += messages
        self.opened += [one.action_id if isinstance(one, OpenAction) else one.cycle_id for one in opened]
        self.closed += closed
        return messages

    @property
    def events(self) -> list[Message]:
        return [message for message in self.accepted if message.cls != "gap"]

    @property
    def announced(self) -> int:
        """How many events the gaps say are lost."""
        counts = [validate(message.body)["count"] for message in self.accepted if message.cls == "gap"]
        return sum(counts)


class Impatient(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Counts:
    def __init__(self) -> None:
        self.seen: list[Event] = []
        self.lost = 0
        self.took_s: list[float] = []

    def emitted(self, event: Event) -> None:
        self.seen.append(event)

    def events_lost(self, count: int) -> None:
        self.lost += count

    def stored(self, took_s: float) -> None:
        self.took_s.append(took_s)


def event(phase: Phase, id_: UUID) -> ActionEvent:
    ended = phase is Phase.ENDED
    return ActionEvent(
        id_, "cam", "bench", 1, "pick", phase, 11.0, 10.0, 12.0, 1.0 if ended else None, 0.9,
        Reason.COMPLETED if ended else None,
    )  # fmt: skip


async def run(disk: Disk, events: list[ActionEvent]) -> Counts:
    counts = Counts()
    emitter = Emitter(disk, lambda _: "arrival", Impatient(), counts)
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        for one in events:
            emitter.emit([one])
        await emitter.flush()
        storing.cancel()
    return counts


async def test_events_are_stored_in_the_order_they_were_emitted() -> None:
    ids = [uuid4() for _ in range(5)]
    disk = Disk()
    await run(disk, [event(phase, id_) for id_ in ids for phase in (Phase.STARTED, Phase.ENDED)])

    assert [message.body["action_id"] for message in disk.accepted] == [str(id_) for id_ in ids for _ in range(2)]


async def test_a_start_opens_its_action_and_an_end_closes_it_in_the_same_commit() -> None:
    disk, id_ = Disk(), uuid4()
    await run(disk, [event(Phase.STARTED, id_), event(Phase.ENDED, id_)])

    assert (disk.opened, disk.closed) == ([id_], [id_])


async def test_while_the_disk_is_full_events_wait_and_none_is_lost() -> None:
    disk = Disk(refusals=3)
    ids = [uuid4() for _ in range(4)]
    counts = await run(disk, [event(Phase.STARTED, id_) for id_ in ids])

    assert disk.opened == ids
    assert counts.lost == 0


async def test_what_is_stored_names_the_pictures_of_the_event() -> None:
    disk, counts, clock = Disk(), Counts(), FakeClock(hurried=True)
    shown = Evidence(13.0, clip="http://here/7.mp4")
    emitter = Emitter(disk, lambda _: "arrival", clock, counts, shown=lambda one: replace(one, evidence=shown))
    emitter.emit([event(Phase.STARTED, uuid4())])
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        await emitter.flush()
        storing.cancel()

    assert [message.body["evidence"] for message in disk.accepted] == [
        {"clip": "http://here/7.mp4", "ready_at": "1970-01-01T00:00:13.000Z"}
    ]


async def test_how_long_an_event_waits_for_the_disk_is_told() -> None:
    disk, counts, clock = Disk(refusals=2), Counts(), FakeClock(hurried=True)
    emitter = Emitter(disk, lambda _: "arrival", clock, counts)
    emitter.emit([event(Phase.STARTED, uuid4())])
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        await emitter.flush()
        storing.cancel()

    assert counts.took_s == [pytest.approx(2 * RETRY_S)]


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("ABCDE"), st.integers(0, 3)), max_size=80), hold=st.integers(1, 6))
async def test_over_what_memory_holds_whole_actions_are_dropped(steps: list[tuple[str, int]], hold: int) -> None:
    """No end without its start, no start without its end, and what is missing is counted: whatever the disk does."""
    disk, counts, clock, open_ = Disk(), Counts(), FakeClock(), dict[str, UUID]()
    emitter = Emitter(disk, lambda _: "arrival", clock, counts, hold)
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        for watch, refusals in steps:
            disk.refusals = refusals * hold
            if watch in open_:
                emitter.emit([event(Phase.ENDED, open_.pop(watch))])
            else:
                open_[watch] = uuid4()
                emitter.emit([event(Phase.STARTED, open_[watch])])
            await clock.advance(0.5)
        emitter.emit(event(Phase.ENDED, id_) for id_ in open_.values())
        disk.refusals = 0
        await clock.advance(10)
        assert await emitter.flush()
        storing.cancel()

    phases: dict[object, list[object]] = {}
    for message in disk.events:
        phases.setdefault(message.body["action_id"], []).append(message.body["phase"])
    assert all(told == ["started", "ended"] for told in phases.values())
    assert len(disk.events) + counts.lost == len(counts.seen)
    assert disk.announced == counts.lost


async def test_the_oldest_actions_are_dropped_first_and_no_more_than_needed() -> None:
    disk, ids = Disk(refusals=1), [uuid4() for _ in range(6)]
    counts, clock = Counts(), FakeClock(hurried=True)
    emitter = Emitter(disk, lambda _: "arrival", clock, counts, hold=8)
    emitter.emit(event(phase, id_) for id_ in ids for phase in (Phase.STARTED, Phase.ENDED))
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        await emitter.flush()
        storing.cancel()

    assert disk.opened == disk.closed == ids[2:]
    assert counts.lost == 4


@settings(max_examples=200, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 3)), max_size=80), hold=st.integers(1, 6))
async def test_over_what_memory_holds_whole_units_are_dropped_with_their_verdicts(
    steps: list[tuple[str, int]], hold: int
) -> None:
    """Each watch begins a unit, tells three verdicts and ends it."""
    disk, counts, clock, open_ = Disk(), Counts(), FakeClock(), dict[str, list[StepEvent | CycleEvent]]()
    emitter = Emitter(disk, lambda _: "arrival", clock, counts, hold)
    async with asyncio.TaskGroup() as group:
        storing = group.create_task(emitter.run())
        for watch, refusals in steps:
            disk.refusals = refusals * hold
            if not open_.get(watch):
                start = cycle_start()
                open_[watch] = [cycle_end(start), *(step_done(start, n) for n in (2, 1, 0)), start]
            emitter.emit([open_[watch].pop()])
            await clock.advance(0.5)
        for left in open_.values():
            emitter.emit(reversed(left))
        disk.refusals = 0
        await clock.advance(10)
        assert await emitter.flush()
        storing.cancel()

    told: dict[object, list[object]] = {}
    for message in disk.events:
        told.setdefault(message.body["cycle_id"], []).append(message.body.get("phase") or message.body["revision"])
    assert all(one == ["started", 0, 1, 2, "completed"] for one in told.values())
    assert len(disk.events) + counts.lost == len(counts.seen)
    assert disk.announced == counts.lost
    assert sorted(disk.opened) == sorted(disk.closed)
