"""Work that waits is bounded, done in order, and given up when there is no time left."""

from __future__ import annotations

import asyncio
import threading

from streamer.evidence.backlog import Backlog


class Held:
    """Work that is done when it is let go."""

    def __init__(self) -> None:
        self.done: list[int] = []
        self.let_go = threading.Event()

    def __call__(self) -> None:
        assert self.let_go.wait(20)
        self.done.append(len(self.done))


async def test_pieces_are_bounded() -> None:
    backlog, work = Backlog("test", most=2), Held()
    assert [backlog.offer(work) for _ in range(4)] == [True, True, False, False]
    work.let_go.set()
    await backlog.finish(20)
    assert work.done == [0, 1]


async def test_bytes_are_bounded_and_come_back() -> None:
    backlog, work = Backlog("test", most_bytes=100), Held()
    assert [backlog.offer(work, 60), backlog.offer(work, 60), backlog.offer(work, 40)] == [True, False, True]
    first, *_ = backlog._waiting
    work.let_go.set()
    await asyncio.wait([asyncio.wrap_future(done) for done in backlog._waiting], timeout=20)
    assert first.done()
    assert backlog.offer(work, 100)
    await backlog.finish(20)


async def test_when_there_is_no_time_left_it_is_said_and_nobody_waits() -> None:
    backlog, work = Backlog("test"), Held()
    assert backlog.offer(work)
    try:
        assert not backlog.leaving.is_set()
        await backlog.finish(0.0)
        assert backlog.leaving.is_set()
        assert work.done == []
    finally:
        work.let_go.set()
