"""The history is bounded, survives restarts, and holds up nobody."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streamer.errors import NotNow
from streamer.history import Entry, History, Limits, Wanted
from streamer.history.history import ASKING, WAITING
from streamer.testing.messages import action_event
from streamer.testing.time import FakeClock
from streamer.wire import Message, action_message
from tests.e2e.takt import until

DAY_S = 86_400.0
ALL = Wanted()


def messages(count: int, stream: str = "cam") -> list[Message]:
    return [action_message(action_event(stream, number=n), "rtcp") for n in range(count)]


def numbers(entries: Sequence[Entry]) -> list[int]:
    return [entry.number for entry in entries]


async def test_what_was_kept_is_there_after_a_restart_and_numbers_go_on(tmp_path: Path) -> None:
    file, clock = tmp_path / "data" / "history.db", FakeClock()
    async with History.open(file, Limits(), clock) as history:
        first = history.keep(messages(5))
    async with History.open(file, Limits(), clock) as history:
        second = history.keep(messages(2))
        found = await history.page(ALL, None, 100)
    assert found == [*reversed([*first, *second])]
    assert numbers(second)[0] > numbers(first)[-1] + WAITING, "also after a kill that nothing was written before"


async def test_numbers_of_a_history_that_was_lost_are_not_given_again(tmp_path: Path) -> None:
    clock = FakeClock()
    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        last = history.keep(messages(3))[-1].number
    (tmp_path / "history.db").unlink()
    await clock.advance(1.0)
    async with History.open(tmp_path / "history.db", Limits(), clock) as history:
        assert history.keep(messages(1))[0].number > last
        assert await history.forgotten() >= last


async def test_an_event_that_is_told_again_is_remembered_once(tmp_path: Path) -> None:
    async with History.open(tmp_path / "history.db", Limits(), FakeClock()) as history:
        one = messages(1)
        history.keep(one)
        history.keep([*one, *messages(1)])
        assert len(await history.page(ALL, None, 100)) == 2


async def test_of_more_than_fit_the_oldest_go_and_that_is_known(tmp_path: Path) -> None:
    async with History.open(tmp_path / "history.db", Limits(events=100), FakeClock()) as history:
        kept = [entry for _ in range(5) for entry in history.keep(messages(50))]
        found = await history.page(ALL, None, 1000)
        assert found == [*reversed(kept[-100:])]
        assert await history.forgotten() == kept[-101].number


async def test_what_is_old_goes_by_when_it_was_kept(tmp_path: Path) -> None:
    clock = FakeClock()
    async with History.open(tmp_path / "history.db", Limits(days=31), clock) as history:
        history.keep(messages(3))
        await history.page(ALL, None, 1)
        await clock.advance(30 * DAY_S)
        long_ago = [replace(one, body={**one.body, "at": "1999-01-01T00:00:00.000Z"}) for one in messages(1)]
        (entry,) = history.keep(long_ago)
        assert len(await history.page(ALL, None, 100)) == 4
        await clock.advance(2 * DAY_S)
        history.keep(messages(1))
        assert numbers(await history.page(ALL, None, 100)) == [history.newest, entry.number]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.sampled_from(["cam", "dock"]), max_size=30),
    st.sampled_from([None, "cam", "dock", "none"]),
    st.integers(1, 10),
)
def test_forward_and_backward_are_the_same_events(streams: list[str], stream: str | None, limit: int) -> None:
    async def both(folder: str) -> tuple[list[Entry], list[Entry], list[Entry]]:
        async with History.open(Path(folder) / "history.db", Limits(), FakeClock()) as history:
            entries = [history.keep(messages(1, one))[0] for one in streams]
            wanted = Wanted(frozenset({"action"}), stream, since=0.0)
            back, before = list[Entry](), None
            while page := await history.page(wanted, before, limit):
                back, before = back + page, page[-1].number
            ahead, after = list[Entry](), 0
            while page := await history.after(wanted, after, limit):
                ahead, after = ahead + page, page[-1].number
            return [entry for entry in entries if wanted.takes(entry)], back[::-1], ahead

    with TemporaryDirectory() as folder:
        expected, back, ahead = asyncio.run(both(folder))
    assert expected == back == ahead


def modes(folder: Path) -> set[str]:
    return {f"{file.stat().st_mode & 0o777:o}" for file in folder.glob("history.db*")}


async def test_nobody_else_may_read_what_people_did(tmp_path: Path) -> None:
    async with History.open(tmp_path / "history.db", Limits(), FakeClock()) as history:
        history.keep(messages(1))
        await history.page(ALL, None, 1)
        assert modes(tmp_path) == {"600"}


async def test_a_damaged_history_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    file.write_bytes(b"no database at all" * 1000)
    async with History.open(file, Limits(), FakeClock()) as history:
        history.keep(messages(2))
        assert len(await history.page(ALL, None, 10)) == 2


async def test_a_disk_that_takes_nothing_costs_the_history_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "taken").touch()
    async with History.open(tmp_path / "taken" / "history.db", Limits(), FakeClock()) as history:
        assert len(history.keep(messages(3))) == 3
        with pytest.raises(NotNow, match="cannot be read"):
            await history.page(ALL, None, 1)
    assert caplog.text.count("is not remembered") == 1


async def test_a_write_that_fails_is_told_once_in_a_while(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "history.db"
    async with History.open(file, Limits(), FakeClock()) as history:
        with sqlite3.connect(file) as other:
            other.execute("DROP TABLE event")
        for _ in range(3):
            history.keep(messages(1))
            with pytest.raises(NotNow):
                await history.page(ALL, None, 1)
    assert caplog.text.count("is not remembered") == 1


async def test_who_goes_on_after_what_was_not_kept_can_know_it(tmp_path: Path) -> None:
    file = tmp_path / "history.db"
    async with History.open(file, Limits(), FakeClock()) as history:
        (kept,) = history.keep(messages(1))
        await history.page(ALL, None, 1)
        with sqlite3.connect(file) as other:
            other.execute("ALTER TABLE event RENAME TO away")
        (lost,) = history.keep(messages(1))
        with pytest.raises(NotNow):
            await history.page(ALL, None, 1)
        with sqlite3.connect(file) as other:
            other.execute("ALTER TABLE away RENAME TO event")
        assert await history.page(ALL, None, 10) == [kept]
        assert await history.forgotten() == lost.number


async def test_of_what_waits_for_a_disk_that_hangs_the_oldest_go_and_that_is_known(tmp_path: Path) -> None:
    hang, began = threading.Event(), threading.Event()
    async with History.open(tmp_path / "history.db", Limits(), FakeClock()) as history:

        def hold(_: object) -> int:
            began.set()
            return int(hang.wait(20))

        asked = asyncio.ensure_future(history._ask(hold))
        await until(began.is_set)
        one = messages(1)
        first = history.keep(one)[0].number
        history.keep(one * WAITING)
        hang.set()
        assert await asked == 1
        assert await history.forgotten() == first


async def test_too_many_questions_are_turned_away_and_the_others_answered(tmp_path: Path) -> None:
    async with History.open(tmp_path / "history.db", Limits(), FakeClock()) as history:
        asked = [history.page(ALL, None, 1) for _ in range(ASKING + 5)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
    assert len([one for one in answers if isinstance(one, NotNow)]) == 5
    assert answers[:ASKING] == [[]] * ASKING
