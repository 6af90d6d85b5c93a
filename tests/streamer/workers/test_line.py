"""Both sides ask and tell over one line; who is gone keeps nobody waiting."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streamer.errors import ConfigError, Exists, NotNow, TaktError
from streamer.workers.line import MOST_ASKED, Line


@asynccontextmanager
async def pair(answer: Any, told: list[Mapping[str, Any]] | None = None) -> AsyncIterator[tuple[Line, Line]]:
    """Our side, and the one that answers."""
    heard = [] if told is None else told
    ours, theirs = socket.socketpair()

    async def nothing(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    async with (
        Line.over(ours, nothing, heard.append) as here,
        Line.over(theirs, answer, heard.append) as there,
        asyncio.TaskGroup() as group,
    ):
        running = [group.create_task(here.run()), group.create_task(there.run())]
        yield here, there
        for task in running:
            task.cancel()


async def test_answers_find_who_asked_in_whatever_order_they_come() -> None:
    async def answer(said: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.sleep(0.02 / said["n"])
        return {"n": said["n"]}

    async with asyncio.timeout(5), pair(answer) as (here, _):
        answers = await asyncio.gather(*(here.ask("count", n=n) for n in range(1, 9)))
    assert [one["n"] for one in answers] == list(range(1, 9))


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ConfigError(["a: wrong", "b: wrong"]), ConfigError, "a: wrong\nb: wrong"),
        (Exists("there is one"), Exists, "there is one"),
        (KeyError("cam"), KeyError, "'cam'"),
        (NotNow("later"), NotNow, "later"),
        (ZeroDivisionError("a bug"), TaktError, "a bug"),
    ],
)
async def test_an_error_is_the_same_one_on_the_other_side(error: Exception, kind: type[Exception], words: str) -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        raise error

    async with asyncio.timeout(5), pair(answer) as (here, _):
        with pytest.raises(kind) as raised:
            await here.ask("anything")
    assert str(raised.value) == words


async def test_who_asks_somebody_that_is_gone_is_told_at_once() -> None:
    asked = asyncio.Event()

    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    ours, theirs = socket.socketpair()
    told: list[Mapping[str, Any]] = []
    async with asyncio.timeout(5), Line.over(ours, answer, told.append) as here, asyncio.TaskGroup() as group:
        running = group.create_task(here.run())
        question = group.create_task(_asked(here))
        await asyncio.sleep(0)
        theirs.close()
        assert isinstance(await question, NotNow)
        await running
        with pytest.raises(NotNow):
            await here.ask("again")


async def _asked(line: Line) -> Exception | None:
    try:
        await line.ask("anything")
    except NotNow as error:
        return error
    return None


async def test_nobody_waits_for_ever_for_an_answer() -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    async with asyncio.timeout(5), pair(answer) as (here, _):
        with pytest.raises(NotNow, match="did not answer"):
            await here.ask("anything", patience_s=0.01)


async def test_what_is_told_is_heard_in_order_and_never_waited_for() -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    told: list[Mapping[str, Any]] = []
    async with asyncio.timeout(5), pair(answer, told) as (here, there):
        for n in range(100):
            there.tell("count", n=n)
        await here.ask("done")
        await there.ask("done")
    assert [one["n"] for one in told] == list(range(100))


async def test_one_that_does_not_listen_is_told_no_more_than_so_much() -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    ours, theirs = socket.socketpair()
    told: list[Mapping[str, Any]] = []
    with theirs:
        async with Line.over(ours, answer, told.append) as line:
            for _ in range(40):
                line.tell("much", text="x" * 1_000_000)
            assert 20 < line.untold < 40


async def test_who_says_more_in_a_line_than_may_be_is_as_one_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    monkeypatch.setattr("streamer.workers.line.LINE_BYTES", 1000)
    ours, theirs = socket.socketpair()
    told: list[Mapping[str, Any]] = []
    with theirs:
        async with asyncio.timeout(5), Line.over(ours, answer, told.append) as line:
            theirs.sendall(b'{"tell": "much", "text": "' + b"x" * 5000 + b'"}\n')
            await line.run()
            with pytest.raises(NotNow):
                await line.ask("anything")
    assert told == []


def test_questions_are_bounded() -> None:
    assert MOST_ASKED < 1000


@pytest.mark.parametrize("line", [b"no JSON\n", b"[1, 2]\n", b"7\n", b"\xff\xfe\n"])
async def test_who_says_what_is_no_line_is_listened_to_no_more_and_nothing_else_happens(line: bytes) -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    ours, theirs = socket.socketpair()
    told: list[Mapping[str, Any]] = []
    with theirs:
        async with asyncio.timeout(5), Line.over(ours, answer, told.append) as here:
            theirs.sendall(b'{"tell":"first"}\n' + line + b'{"tell":"last"}\n')
            await here.run()
            with pytest.raises(NotNow):
                await here.ask("anything")
    assert [one["tell"] for one in told] == ["first"]


async def test_a_word_that_cannot_be_heard_ends_neither_the_line_nor_who_hears_it() -> None:
    async def answer(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {}

    told: list[Mapping[str, Any]] = []

    def hear(said: Mapping[str, Any]) -> None:
        told.append({"n": said["n"]})

    ours, theirs = socket.socketpair()
    async with (
        asyncio.timeout(5),
        Line.over(ours, answer, hear) as here,
        Line.over(theirs, answer, hear) as there,
        asyncio.TaskGroup() as group,
    ):
        running = [group.create_task(here.run()), group.create_task(there.run())]
        there.tell("word", other=1)
        there.tell("word", n=2)
        await there.ask("done")
        for task in running:
            task.cancel()
    assert told == [{"n": 2}]
