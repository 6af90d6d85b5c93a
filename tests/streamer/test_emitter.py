"""Events become durable in order, whatever the disk does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

from streamer.clock import SystemClock
from streamer.emitter import Emitter
from streamer.errors import OutboxUnavailable
from streamer.event import ActionEvent, OpenAction, Phase, Reason
from streamer.wire import Message


class Disk:
    """Takes messages; refuses as often as told."""

    def __init__(self, refusals: int = 0) -> None:
        self.refusals = refusals
        self.accepted: list[Message] = []
        self.opened: list[UUID] = []
        self.closed: list[UUID] = []

    async def accept(
        self, messages: Sequence[Message], opened: Sequence[OpenAction] = (), closed: Sequence[UUID] = ()
    ) -> Sequence[Message]:
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise OutboxUnavailable("disk full")
        self.accepted += messages
        self.opened += [one.action_id for one in opened]
        self.closed += closed
        return messages


class Impatient(SystemClock):
    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Counts:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self.lost = 0

    def events(self, stream: str, phase: str) -> None:
        self.seen.append((stream, phase))

    def events_lost(self, count: int) -> None:
        self.lost += count


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
