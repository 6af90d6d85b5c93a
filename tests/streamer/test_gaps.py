"""What was given up is announced, once the way is free, and exactly that."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from streamer.delivery import Delivery
from streamer.errors import OutboxUnavailable
from streamer.event import GapEvent
from streamer.gaps import Gaps, event_of
from streamer.outbox import Gap, Outbox
from streamer.testing.messages import message
from streamer.testing.sinks import FakeObserver, FakeSink
from streamer.testing.time import FakeClock
from streamer.wire import Message, envelope, gap_message
from tests.schemas import validate

AT = 1_700_000_000.0


@dataclass
class Way:
    """An outlet."""

    depth: int = 5
    taken: int = 0


@dataclass
class Notes:
    """The part of an outbox that notes losses."""

    noted: list[Gap] = field(default_factory=list)
    accepted: list[Message] = field(default_factory=list)
    full: bool = False
    dropped: asyncio.Event = field(default_factory=asyncio.Event)
    ways: dict[str, Way] = field(default_factory=lambda: {"main": Way(), "file": Way()})

    async def gaps(self) -> list[Gap]:
        return [*self.noted]

    async def accept(self, messages: Sequence[Message], *, announced: Sequence[Gap]) -> list[Message]:
        if self.full:
            raise OutboxUnavailable("told so")
        self.accepted += messages
        self.noted = [gap for gap in self.noted if gap not in announced]
        return list(messages)

    def outlet(self, name: str) -> Way:
        return self.ways[name]

    def lose(self, gap: Gap) -> None:
        self.noted.append(gap)
        self.dropped.set()


def gap(number: int = 1, *recipients: str) -> Gap:
    return Gap(number, "cam", "action", 7, 11, 14, 4, "budget", recipients or ("main",), AT)


@pytest.fixture
async def notes() -> Notes:
    return Notes()


async def announcing(notes: Notes, clock: FakeClock) -> asyncio.Task[None]:
    task = asyncio.create_task(Gaps(notes, clock).run())  # type: ignore[arg-type]
    await clock.advance(0.0)
    return task


async def test_a_loss_waits_until_its_recipient_takes_something_again(notes: Notes) -> None:
    clock = FakeClock()
    task = await announcing(notes, clock)
    notes.lose(gap())
    await clock.advance(3600.0)
    assert not notes.accepted, "an announcement would push out what still waits"
    notes.ways["main"].taken += 1
    await clock.advance(10.0)
    task.cancel()

    (told,) = notes.accepted
    body = validate(told.body)
    assert told.topic == "cam/gaps"
    assert (body["from_seq"], body["to_seq"], body["count"], body["lost_term"]) == (11, 14, 4, 7)
    assert (body["class"], body["reason"], body["sinks"]) == ("action", "budget", ["main"])
    assert not notes.noted


async def test_where_nothing_waits_a_loss_is_announced_at_once(notes: Notes) -> None:
    clock = FakeClock()
    notes.ways["main"].depth = 0
    notes.noted.append(gap())
    task = await announcing(notes, clock)
    await clock.advance(0.0)
    task.cancel()

    assert len(notes.accepted) == 1, "also what a process before had to leave"


async def test_the_loss_of_one_sink_does_not_wait_for_another(notes: Notes) -> None:
    clock = FakeClock()
    task = await announcing(notes, clock)
    notes.lose(gap(1, "main"))
    notes.lose(gap(2, "file"))
    notes.lose(gap(3, "removed"))
    await clock.advance(6.0)
    notes.ways["file"].taken += 1
    await clock.advance(6.0)
    task.cancel()

    assert [told.body["sinks"] for told in notes.accepted] == [["removed"], ["file"]]


async def test_a_disk_that_takes_nothing_keeps_the_note(notes: Notes) -> None:
    clock = FakeClock()
    notes.ways["main"].depth, notes.full = 0, True
    task = await announcing(notes, clock)
    notes.lose(gap())
    await clock.advance(60.0)
    assert notes.noted
    notes.full = False
    await clock.advance(6.0)
    task.cancel()

    assert len(notes.accepted) == 1


def test_the_same_loss_has_the_same_name_and_a_larger_one_another() -> None:
    assert event_of(gap()).event_id == event_of(gap(2)).event_id
    assert event_of(gap()).event_id != event_of(replace(gap(), count=5, last=15)).event_id


def test_what_never_had_a_number_says_so() -> None:
    body = validate(gap_message(GapEvent("cam", "action", 3, "memory", AT)).body)
    assert "from_seq" not in body
    assert "sinks" not in body


async def test_over_a_full_outbox_every_hole_in_the_numbers_is_announced(tmp_path: Path) -> None:
    clock, observer, sink = FakeClock(), FakeObserver(), FakeSink()
    sink.available = False
    async with Outbox.open(tmp_path, clock=clock, observer=observer, budget_bytes=1 << 20) as outbox:
        delivery = Delivery(outbox.outlet(), sink, clock, observer)
        tasks = [asyncio.create_task(Gaps(outbox, clock).run()), asyncio.create_task(delivery.run())]
        for number in range(60):
            await outbox.accept([message(number=number * 50 + n) for n in range(50)])
        assert observer.dropped["action"] > 500
        sink.available = True
        async with asyncio.timeout(20):
            while outbox.depth or not [one for one in sink.messages if one.cls == "gap"]:
                await clock.advance(1.0)
                await asyncio.sleep(0.002)  # the writer is a thread of its own
        for task in tasks:
            task.cancel()

    bodies = [json.loads(envelope(one)) for one in sink.messages]
    for body in bodies:
        validate(body)
    came = {body["seq"] for body in bodies}
    gaps = [body for body in bodies if body["type"] == "gap"]
    announced = {seq for body in gaps for seq in range(body["from_seq"], body["to_seq"] + 1)}
    missing = set(range(1, max(came) + 1)) - came
    assert missing
    assert missing <= announced
    assert sum(body["count"] for body in gaps) == len(missing) == observer.dropped["action"]
