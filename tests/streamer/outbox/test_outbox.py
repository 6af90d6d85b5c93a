"""What is accepted stays, numbered without holes, until it is delivered."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamer.errors import OutboxUnavailable
from streamer.event import ActionEvent, OpenAction, Phase, Reason
from streamer.outbox import BUDGET_BYTES, WINDOW, Outbox
from streamer.outbox.database import connect
from streamer.outbox.store import Rules, Store
from streamer.testing.messages import action_event, message, open_action
from streamer.testing.sinks import FakeObserver
from streamer.testing.time import FakeClock
from streamer.wire import action_message

MIB = 1 << 20


NOW = 1_700_000_000


def opened(
    folder: Path, budget_bytes: int = BUDGET_BYTES, observer: FakeObserver | None = None, now: float = NOW
) -> AbstractAsyncContextManager[Outbox]:
    """An outbox whose clock stands still at `now`."""
    return Outbox.open(folder, clock=FakeClock(now), observer=observer or FakeObserver(), budget_bytes=budget_bytes)


async def term(outbox: Outbox) -> int:
    (kept,) = await outbox.accept([message()])
    return kept.term


def quarantined(folder: Path) -> int:
    return len(list(folder.glob("quarantine-*/outbox.db")))


def file_size(file: Path) -> int:
    return file.stat().st_size


async def test_accepted_messages_are_there_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        kept = await outbox.accept([message(number=n) for n in range(3)])
    async with opened(tmp_path) as outbox:
        waiting = await outbox.outlet().pending(0, 10)

    assert [queued.message for queued in waiting] == kept


def modes(folder: Path) -> dict[str, str]:
    return {file.name: f"{file.stat().st_mode & 0o777:o}" for file in folder.rglob("*") if file.is_file()}


async def test_nobody_else_may_read_what_people_did(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.accept([message()])
        found = modes(tmp_path)
    assert {"outbox.db", "outbox.db-wal", "outbox.db-shm"} <= found.keys()
    assert set(found.values()) == {"600"}


async def test_delivered_messages_are_forgotten(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.accept([message() for _ in range(3)])
        first, second, third = await outbox.outlet().pending(0, 10)
        await outbox.outlet().delivered([first.id, third.id])

        assert await outbox.outlet().pending(0, 10) == [second]
        assert outbox.depth == 1


async def test_the_same_key_twice_is_kept_once_under_its_first_number(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        one = message()
        (first,) = await outbox.accept([one])
        again = await outbox.accept([message(), one])

        assert again[1].seq == first.seq
        assert [queued.message.seq for queued in await outbox.outlet().pending(0, 10)] == [1, 2]


async def test_epochs_and_terms_never_repeat(tmp_path: Path) -> None:
    epochs, terms = [], []
    for _ in range(3):
        async with opened(tmp_path) as outbox:
            terms.append(await term(outbox))
            epochs += [await outbox.next_epoch("a"), await outbox.next_epoch("a")]
            other = await outbox.next_epoch("b")

    assert epochs == [NOW + n for n in range(6)]
    assert other == NOW + 2
    assert terms == [NOW, NOW + 1, NOW + 2]


async def test_epochs_and_terms_go_on_growing_in_a_folder_that_was_lost(tmp_path: Path) -> None:
    numbers = []
    for start in range(3):
        async with opened(tmp_path / str(start), now=NOW + 10 * start) as outbox:
            numbers.append((await outbox.next_epoch("a"), await outbox.next_epoch("a"), await term(outbox)))

    assert numbers == [(NOW + at, NOW + at + 1, NOW + at) for at in (0, 10, 20)]


async def test_epochs_and_terms_go_on_growing_when_the_clock_was_set_back(tmp_path: Path) -> None:
    numbers = []
    for now in (NOW, NOW - 1000):
        async with opened(tmp_path, now=now) as outbox:
            numbers.append((await outbox.next_epoch("a"), await term(outbox)))

    assert numbers == [(NOW, NOW), (NOW + 1, NOW + 1)]


async def test_numbers_start_anew_with_each_term(tmp_path: Path) -> None:
    for term in (NOW, NOW + 1):
        async with opened(tmp_path) as outbox:
            kept = await outbox.accept([message("a"), message("b"), message("a")])

            assert [(m.stream, m.term, m.seq) for m in kept] == [("a", term, 1), ("b", term, 1), ("a", term, 2)]


async def test_open_actions_are_those_started_and_not_ended(tmp_path: Path) -> None:
    left, ended = open_action(), open_action()
    async with opened(tmp_path) as outbox:
        await outbox.accept([message()], opened=[left, ended])
        await outbox.accept([message()], closed=[ended.action_id])
    async with opened(tmp_path) as outbox:
        assert await outbox.open_actions() == [left]


async def test_a_refused_message_is_set_aside(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.accept([message(), message()])
        first, second = await outbox.outlet().pending(0, 10)
        await outbox.outlet().dead_letter(first.id, "not_authorized")

        assert await outbox.outlet().pending(0, 10) == [second]


async def test_two_processes_do_not_share_a_folder(tmp_path: Path) -> None:
    async with opened(tmp_path):
        with pytest.raises(OutboxUnavailable, match="in use by another process"):
            async with opened(tmp_path):
                pass


async def test_over_budget_the_oldest_of_the_lowest_class_go_first(tmp_path: Path) -> None:
    observer = FakeObserver()
    async with opened(tmp_path, budget_bytes=MIB, observer=observer) as outbox:
        await outbox.accept([replace(message(), cls="safety") for _ in range(10)])
        count = 3000
        for start in range(0, count, 100):
            await outbox.accept([message(number=start + n) for n in range(100)])
        waiting = await outbox.outlet().pending(0, 2 * count)
        size = file_size(tmp_path / "outbox.db")

    assert size <= MIB
    assert set(observer.dropped) == {"action"}
    assert len(waiting) == 10 + count - observer.dropped["action"]
    assert [queued.message.cls for queued in waiting[:11]] == ["safety"] * 10 + ["action"]
    seqs = [queued.message.seq for queued in waiting]
    assert seqs[:WINDOW] == list(range(1, WINDOW + 1)), "what may have been sent is kept"
    assert seqs[WINDOW:] == list(range(seqs[WINDOW], 10 + count + 1)), "the newest are kept"
    assert seqs[WINDOW] > 5 * WINDOW


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.sampled_from([*"ABCDE", "deliver", "drop"]), max_size=60),
    window=st.integers(0, 4),
    share=st.floats(0.01, 0.5),
)
def test_under_budget_an_action_is_dropped_whole_or_not_at_all(steps: list[str], window: int, share: float) -> None:
    store = Store(connect(Path(":memory:"), BUDGET_BYTES), at_least=1, rules=Rules(BUDGET_BYTES))
    told: dict[object, list[object]] = {}
    ended: set[object] = set()
    open_: dict[str, ActionEvent] = {}

    def take(event: ActionEvent, opened: list[OpenAction], closed: list[UUID]) -> None:
        store.accept([action_message(event, "arrival")], opened, closed, 0.0)

    def deliver(count: int) -> None:
        for queued in store.pending(0, count):
            told.setdefault(queued.message.body["action_id"], []).append(queued.message.body["phase"])
            store.delivered([queued.id])

    for step in steps:
        if step == "deliver":
            deliver(1)
        elif step == "drop":
            # What is on the way may have arrived.
            on_the_way = [queued.message.key for queued in store.pending(0, window)]
            store.drop_oldest(share, window)
            assert [queued.message.key for queued in store.pending(0, window)] == on_the_way
        elif step in open_:
            event = replace(open_.pop(step), phase=Phase.ENDED, reason=Reason.COMPLETED)
            take(event, [], [event.action_id])
            ended.add(str(event.action_id))
        else:
            open_[step] = action_event(step)
            take(open_[step], [OpenAction.of(open_[step])], [])
    deliver(1000)
    store.close()

    assert all(phases == ["started", "ended"][: 1 + (id_ in ended)] for id_, phases in told.items())


def test_of_actions_with_start_and_end_the_oldest_go_first() -> None:
    store = Store(connect(Path(":memory:"), BUDGET_BYTES), at_least=1, rules=Rules(BUDGET_BYTES))
    for number in range(100):
        started = action_event(number=number)
        ended = replace(started, phase=Phase.ENDED, reason=Reason.COMPLETED)
        store.accept([action_message(one, "arrival") for one in (started, ended)], [], [], 0.0)
    gone = store.drop_oldest(share=0.05, window=3)

    assert gone == {"action": 20}
    assert [queued.message.seq for queued in store.pending(0, 1000)] == [1, 2, 3, 4, *range(25, 201)]
    store.close()


@pytest.mark.parametrize("where", ["start", "middle", "cut", "nothing left"])
async def test_a_damaged_file_is_set_aside_and_work_goes_on(tmp_path: Path, where: str) -> None:
    async with opened(tmp_path) as outbox:
        epoch = await outbox.next_epoch("cam")
        await outbox.accept([message() for _ in range(200)])
    file = tmp_path / "outbox.db"
    data = bytearray(file.read_bytes())
    if where == "nothing left":
        data = bytearray(b"not a database at all" * 300)
    elif where == "cut":
        data = data[: len(data) // 2]
    else:
        begin = 0 if where == "start" else len(data) // 2
        data[begin : begin + 8192] = os.urandom(8192)
    file.write_bytes(data)

    async with opened(tmp_path, now=NOW + 1) as outbox:
        (kept,) = await outbox.accept([message()])

        assert await outbox.next_epoch("cam") > epoch
        assert kept.term > NOW
    assert quarantined(tmp_path) == 1


async def test_damage_found_while_running_does_not_stop_the_outbox(tmp_path: Path) -> None:
    count = 8000
    async with opened(tmp_path) as outbox:
        first, *_ = await outbox.accept([message(number=n) for n in range(count)])
        file = tmp_path / "outbox.db"
        size = file.stat().st_size
        with file.open("r+b") as handle:
            handle.seek(size // 3)
            handle.write(os.urandom(size // 10))
        read = 0
        while batch := await outbox.outlet().pending(read, 500):
            read = batch[-1].id
        (kept,) = await outbox.accept([message()])
        waiting = await outbox.outlet().pending(0, 2 * count)

    assert quarantined(tmp_path) == 1
    assert waiting[-1].message == kept
    assert kept.term > first.term, "numbers start anew"
    assert len(waiting) > count // 2, "what can be read of the damaged file is kept"


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutboxUnavailable, match="cannot use the outbox folder"):
        async with opened(tmp_path / "file" / "outbox"):
            pass


async def test_what_is_asked_at_once_shares_a_commit(tmp_path: Path) -> None:
    commits: list[float] = []

    class Counting(FakeObserver):
        def fsync_seconds(self, seconds: float) -> None:
            commits.append(seconds)

    async with opened(tmp_path, observer=Counting()) as outbox:
        await asyncio.gather(*(outbox.accept([message(number=n)]) for n in range(200)))

    assert len(commits) < 50


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["accept", "again", "deliver", "restart"]), st.sampled_from("abc"), st.integers(1, 4)
        ),
        max_size=25,
    )
)
async def test_numbers_have_no_hole_and_keys_are_unique(tmp_path_factory: pytest.TempPathFactory, steps) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("outbox")
    numbered: dict[UUID, tuple[str, int, int]] = {}
    waiting: set[UUID] = set()
    rounds: list[list[tuple[str, str, int]]] = [[]]
    for step in steps:
        rounds.append([]) if step[0] == "restart" else rounds[-1].append(step)
    for asked in rounds:
        async with opened(folder) as outbox:
            for what, stream, count in asked:
                if what == "accept":
                    kept = await outbox.accept([message(stream) for _ in range(count)])
                    numbered |= {m.key: (m.stream, m.term, m.seq) for m in kept}
                    waiting |= {m.key for m in kept}
                elif what == "again":
                    old = [queued.message for queued in await outbox.outlet().pending(0, count)]
                    assert [m.seq for m in await outbox.accept(old)] == [m.seq for m in old]
                else:
                    done = await outbox.outlet().pending(0, count)
                    await outbox.outlet().delivered([queued.id for queued in done])
                    waiting -= {queued.message.key for queued in done}
            assert {q.message.key for q in await outbox.outlet().pending(0, 1000)} == waiting
    assert len(set(numbered.values())) == len(numbered)
    for stream, term in {(stream, term) for stream, term, _ in numbered.values()}:
        seqs = sorted(n for s, t, n in numbered.values() if (s, t) == (stream, term))
        assert seqs == list(range(1, len(seqs) + 1))


def test_outbox_delivery_and_sinks_do_without_torch() -> None:
    code = (
        "import sys, streamer.outbox, streamer.delivery, streamer.sinks.mqtt, streamer.sinks.jsonl;"
        "sys.exit('torch' in sys.modules or 'av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_an_outbox_that_ends_by_a_bug_leaves_nobody_waiting_and_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        with pytest.raises(OutboxUnavailable, match="has stopped"):
            await outbox._writer.ask(lambda _: sys.exit("a bug"))
        with pytest.raises(OutboxUnavailable, match="closed"):
            await outbox.accept([message()])
        with pytest.raises(OutboxUnavailable, match="a bug"):
            await outbox.ended()


@pytest.mark.parametrize("what", ["shrink", "oldest", "used_bytes"])
async def test_what_is_committed_is_answered_whatever_fails_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fails(_: Store) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    async with opened(tmp_path) as outbox:
        await outbox.accept([message(), message()])
        monkeypatch.setattr(Store, what, fails)
        (tmp_path / "ballast").unlink()
        first, _ = await outbox.outlet().pending(0, 10)
        await outbox.outlet().delivered([first.id])

        assert outbox.depth == 1


async def test_a_stopped_outbox_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        pass
    with pytest.raises(OutboxUnavailable, match="closed"):
        await outbox.accept([message()])
