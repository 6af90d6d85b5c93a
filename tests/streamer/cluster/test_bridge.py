"""Bytes of a line go there and back, and whoever ends takes the other side along."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from streamer.cluster.bridge import CHUNK, LET_END_S, Bridge, Gone
from streamer.cluster.seat import SeatActor
from streamer.testing.time import FakeClock


class FakeFar:
    """A worker elsewhere."""

    name = "far"

    def __init__(self) -> None:
        self.pushed: list[bytes] = []
        self.says: asyncio.Queue[bytes | None] = asyncio.Queue(100)
        self.ended = self.frozen = False

    async def push(self, data: bytes) -> None:
        if self.frozen:
            await asyncio.Event().wait()
        self.pushed.append(data)

    async def pull(self) -> bytes:
        data = await self.says.get()
        if data is None:
            raise Gone("it has ended")
        return data

    def end(self) -> None:
        self.ended = True


@asynccontextmanager
async def bridged() -> AsyncIterator[tuple[FakeFar, Bridge, socket.socket, FakeClock]]:
    far, clock = FakeFar(), FakeClock()
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        bridge = Bridge(far, theirs, clock)
        theirs.close()
        group.create_task(bridge.run())
        with ours:
            yield far, bridge, ours, clock
        bridge.kill()


async def read(end: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(end, CHUNK)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0.001)


async def test_bytes_go_both_ways_in_order_and_in_small_pieces() -> None:
    async with bridged() as (far, _, ours, _):
        sent = bytes(range(256)) * 1024
        await asyncio.get_running_loop().sock_sendall(ours, sent)
        await settle()
        assert b"".join(far.pushed) == sent
        assert max(map(len, far.pushed)) <= CHUNK
        for said in (b"one", b"", b"two"):
            far.says.put_nowait(said)
        await settle()
        assert await read(ours) == b"onetwo"


async def test_a_worker_that_ends_ends_the_line() -> None:
    async with bridged() as (far, bridge, ours, _):
        far.says.put_nowait(b"last words")
        far.says.put_nowait(None)
        await bridge.wait()
        assert (await read(ours), await read(ours)) == (b"last words", b"")
        assert far.ended


async def test_one_whose_line_is_closed_may_end_in_order_and_not_for_ever() -> None:
    async with bridged() as (far, bridge, ours, clock):
        ours.close()
        await settle()
        assert far.pushed == [b""]
        assert not far.ended
        await clock.advance(LET_END_S)
        await bridge.wait()
        assert far.ended


async def test_one_that_is_frozen_is_given_up_at_once() -> None:
    async with bridged() as (far, bridge, ours, _):
        far.frozen = True
        await asyncio.get_running_loop().sock_sendall(ours, b"a question")
        await settle()
        bridge.kill()
        await bridge.wait()
        assert await read(ours) == b""
        assert far.ended


def test_an_actor_says_what_its_worker_says_and_that_it_has_ended(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """With a worker that gives back what it gets."""

    def work(end: socket.socket, *_: object) -> None:
        with end:
            while data := end.recv(CHUNK):
                end.sendall(data.upper())

    monkeypatch.setattr("streamer.cluster.seat._work", work)
    actor = SeatActor("a-0", 1.0, 9.0)
    actor.push(b"hello")
    assert actor.pull() == b"HELLO"
    actor.push(b"")
    assert actor.pull() is None
