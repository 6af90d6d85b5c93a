"""What waits and what is open in the outbox of a dead owner is taken over: all of it, once, in order."""

from __future__ import annotations

import asyncio
import os
import shutil
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import OutboxUnavailable
from streamer.event import OpenAction
from streamer.outbox import MAIN, Outbox, Queued, Recipient
from streamer.outbox.adoption import CHUNK, DONE, Orphan
from streamer.outbox.files import owned
from streamer.outbox.outbox import BUDGET_BYTES
from streamer.outbox.store import Store
from streamer.testing.messages import message, open_action
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from streamer.wire import Message

NOW = 1_700_000_000.0


def opened(folder: Path, now: float = NOW, *recipients: Recipient):  # type: ignore[no-untyped-def]
    served = (Recipient(MAIN), *recipients)
    return Outbox.open(folder, clock=FakeClock(now), observer=FakeObserver(), recipients=served)


async def waiting(outbox: Outbox, name: str = MAIN) -> list[Queued]:
    return await outbox.outlet(name).pending(0, 100_000)


async def left_by(folder: Path, count: int, now: float = NOW, opens: OpenAction | None = None) -> list[Message]:
    """What an owner accepted, in streams `a` and `b` in turns, before it was gone."""
    async with opened(folder, now) as outbox:
        return await outbox.accept(
            [message("ab"[n % 2], n) for n in range(count)], opened=[] if opens is None else [opens]
        )


def numbers(messages: list[Message]) -> dict[UUID, tuple[str, int, int]]:
    return {one.key: (one.stream, one.term, one.seq) for one in messages}


async def test_what_waits_and_is_open_is_taken_over_with_its_numbers(tmp_path: Path) -> None:
    action = open_action("a")
    left = await left_by(tmp_path / "1", 2 * CHUNK + 10, NOW + 50, action)
    async with opened(tmp_path / "0") as outbox:
        assert await outbox.adopt() == len(left)
        (new,) = await outbox.accept([message("a")])
        found = [one.message for one in await waiting(outbox)]

        assert await outbox.open_actions() == [action]
        assert await outbox.next_epoch("a") >= NOW
    assert numbers(found[:-1]) == numbers(left)
    for stream in "ab":
        assert [one.seq for one in found[:-1] if one.stream == stream] == list(range(1, CHUNK + 6))
    assert (new.term, new.seq) == (left[0].term + 1, 1), "what is new outranks what is old"
    assert not (tmp_path / "1" / "outbox.db").exists()


async def test_an_outbox_that_has_an_owner_is_left_alone(tmp_path: Path) -> None:
    async with opened(tmp_path / "1") as other, opened(tmp_path / "0") as outbox:
        await other.accept([message()])
        assert await outbox.adopt() == 0
        assert len(await waiting(other)) == 1


async def test_of_two_who_want_it_one_gets_each_message(tmp_path: Path) -> None:
    left = await left_by(tmp_path / "2", 3 * CHUNK)
    async with opened(tmp_path / "0") as one, opened(tmp_path / "1") as two:
        await asyncio.gather(one.adopt(), two.adopt())
        found = [*await waiting(one), *await waiting(two)]

    assert sorted(q.message.key for q in found) == sorted(m.key for m in left)


async def test_only_the_streams_that_are_asked_for_are_taken(tmp_path: Path) -> None:
    left = await left_by(tmp_path / "1", 10, opens=open_action("b"))
    async with opened(tmp_path / "0") as outbox:
        assert await outbox.adopt({"a"}) == 5
        assert await outbox.open_actions() == []
    async with opened(tmp_path / "2") as outbox:
        assert await outbox.adopt({"b"}) == 5
        assert len(await outbox.open_actions()) == 1
        assert {q.message.key for q in await waiting(outbox)} == {m.key for m in left if m.stream == "b"}


async def test_who_had_a_message_does_not_get_it_again(tmp_path: Path) -> None:
    hook = Recipient("hook")
    async with opened(tmp_path / "1", NOW, Recipient("other"), hook) as outbox:
        await outbox.accept([message() for _ in range(4)])
        await outbox.outlet().delivered([1, 2])
        await outbox.outlet("hook").delivered([1])
        await outbox.outlet("other").delivered([1, 2, 3, 4])
    async with opened(tmp_path / "0", NOW, hook) as outbox:
        await outbox.adopt()
        assert [len(await waiting(outbox, name)) for name in (MAIN, "hook")] == [2, 3]


async def test_refused_messages_and_losses_go_with_it(tmp_path: Path) -> None:
    async with opened(tmp_path / "1") as outbox:
        await outbox.accept([message(number=n) for n in range(3)])
        await outbox.outlet().dead_letter(1, "not_authorized")
        await outbox._writer.ask(lambda store: store.drop_oldest(0.3, window=0))
    async with opened(tmp_path / "0") as outbox:
        await outbox.adopt()
        assert [gap.count for gap in await outbox.gaps()] == [1]
        assert [one.reason for one in await outbox.dead_letters()] == ["not_authorized"]


@pytest.mark.parametrize("damage", ["cut", "flipped", "nothing left"])
async def test_what_can_be_read_of_a_damaged_one_is_taken(tmp_path: Path, damage: str) -> None:
    left = await left_by(tmp_path / "1", 2000)
    file = tmp_path / "1" / "outbox.db"
    data = bytearray(file.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[len(data) // 2 : len(data) // 2 + 8192] = os.urandom(8192)
    else:
        data = bytearray(b"not a database at all" * 300)
    file.write_bytes(data)
    async with opened(tmp_path / "0") as outbox:
        kept = await outbox.accept([message("own")])
        await outbox.adopt()
        found = {q.message.key for q in await waiting(outbox)}

        assert {m.key for m in kept} <= found, "ours is not damaged by theirs"
        assert found <= {m.key for m in [*left, *kept]}
        assert damage == "nothing left" or len(found) > 500
    assert list((tmp_path / "1").glob("quarantine-*"))


class Killed(BaseException):
    pass


def adopt_until(store: Store, folder: Path, steps: int) -> None:
    """As `Outbox.adopt`, killed after so many commits."""

    def committed() -> None:
        nonlocal steps
        steps -= 1
        if steps < 0:
            raise Killed

    with owned(folder):
        orphan = Orphan(folder, BUDGET_BYTES, NOW)
        try:
            for stream in orphan.streams(None):
                last = 0
                while last != DONE:
                    store.begin()
                    last = orphan.give(store, stream)
                    store.commit()
                    committed()
                    orphan.forget(stream, last)
                    committed()
        finally:
            orphan.close()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kills=st.lists(st.integers(0, 6), max_size=4))
async def test_whenever_it_is_killed_nothing_is_lost_or_taken_twice(
    tmp_path_factory: pytest.TempPathFactory, kills: list[int]
) -> None:
    place = tmp_path_factory.mktemp("adoption")
    left = await left_by(place / "1", CHUNK + 10, opens=open_action("a"))
    delivered: list[UUID] = []
    ended: list[UUID] = []
    async with opened(place / "0") as outbox:
        for steps in kills:
            if not (place / "1" / "outbox.db").exists():
                break
            with pytest.raises(OutboxUnavailable):
                await outbox._writer.ask(lambda store, steps=steps: _killed(store, place / "1", steps))
            await deliver(outbox, delivered, ended)
        await outbox.adopt()
        await deliver(outbox, delivered, ended)

    assert sorted(delivered) == sorted(one.key for one in left)
    assert len(ended) == 1


def _killed(store: Store, folder: Path, steps: int) -> None:
    store.commit()
    try:
        adopt_until(store, folder, steps)
    except Killed:
        pass
    finally:
        store.begin()
    raise OutboxUnavailable("killed")


async def deliver(outbox: Outbox, delivered: list[UUID], ended: list[UUID]) -> None:
    found = await waiting(outbox)
    delivered += [q.message.key for q in found]
    await outbox.outlet().delivered([q.id for q in found])
    for action in await outbox.open_actions():
        ended.append(action.action_id)
        await outbox.accept([], closed=[action.action_id])


async def test_an_outbox_that_cannot_be_written_stays_where_it_is(tmp_path: Path) -> None:
    await left_by(tmp_path / "1", 4)
    (tmp_path / "1" / "outbox.db-wal").mkdir()
    async with opened(tmp_path / "0") as outbox:
        assert await outbox.adopt() == 0
        await outbox.accept([message()])
    shutil.rmtree(tmp_path / "1" / "outbox.db-wal")
    async with opened(tmp_path / "0") as outbox:
        assert await outbox.adopt() == 4
