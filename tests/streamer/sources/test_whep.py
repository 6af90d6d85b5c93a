"""Streams that a server plays: asked for, ended, and refused in words."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from http import HTTPStatus

import pytest

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.exchange import Answer
from streamer.testing.peers import loopback_only
from tests.streamer.sources.cameras import decode_threads
from tests.streamer.sources.publishers import playing, pulled, some

TOKEN = "C4N4RY-token"


@pytest.fixture(autouse=True)
def _loopback() -> Iterator[None]:
    with loopback_only():
        yield
    assert decode_threads() == []


async def refused(url: str, **more: float) -> SourceUnavailable | SourceRejected:
    with pytest.raises((SourceUnavailable, SourceRejected)) as caught:
        await some(pulled(url, TOKEN, **more), 1)
    assert TOKEN not in str(caught.value)
    return caught.value


async def test_what_is_played_arrives_and_the_session_is_ended() -> None:
    async with playing(TOKEN) as (site, url):
        frames = await some(pulled(url, TOKEN), 10, epoch=3)
        assert {(frame.epoch, frame.picture.shape) for frame in frames} == {(3, (90, 160, 3))}
        assert site.ended == ["/whep/session-0"]
        assert not site.sessions


async def test_a_server_that_ends_it_is_asked_again() -> None:
    async with playing() as (site, url):
        source = pulled(url)
        with pytest.raises(SourceUnavailable) as caught:
            async for _ in source.frames(1):
                await site.close()
        assert caught.value.reason == "eof"
        assert len(await some(source, 3, epoch=2)) == 3


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (401, SourceRejected, "auth"),
        (403, SourceRejected, "denied"),
        (404, SourceRejected, "not_found"),
        (405, SourceRejected, "not_found"),
        (406, SourceRejected, "codec"),
        (307, SourceRejected, "denied"),
        (302, SourceRejected, "denied"),
        (409, SourceUnavailable, "protocol"),
        (503, SourceUnavailable, "protocol"),
        (200, SourceUnavailable, "protocol"),
    ],
)
async def test_what_else_a_server_says_is_told(status: int, kind: type[Exception], reason: str) -> None:
    async with playing() as (site, url):
        site.says = Answer(HTTPStatus(status), {"Location": f"{url}2", "Content-Type": "text/html"}, b"no")
        error = await refused(url)
    assert isinstance(error, kind)
    assert error.reason == reason
    assert not site.sessions


@pytest.mark.parametrize(
    "body", [b"", b"v=0\r\n", b"\xff\xfe", b"v=0\r\nm=video 9 X 0\r\n", b"v=0\r\n" + b"a=x\r\n" * 20_000]
)
async def test_an_answer_that_is_none_is_tried_again(body: bytes) -> None:
    async with playing() as (site, url):
        site.says = Answer(HTTPStatus.CREATED, {"Content-Type": "application/sdp"}, body)
        assert (await refused(url)).reason == "protocol"


async def test_a_server_that_does_not_answer_holds_up_nobody() -> None:
    silent = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await silent.wait()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with asyncio.timeout(3):
            assert (await refused(f"http://127.0.0.1:{port}/whep", timeout_s=0.3)).reason == "timeout"
        silent.set()
    assert (await refused(f"http://127.0.0.1:{port}/whep")).reason == "refused"


async def test_a_token_goes_nowhere_else() -> None:
    """A session that is said to be elsewhere is not ended there."""
    async with playing(TOKEN) as (site, url), playing() as (other, elsewhere):
        site.elsewhere = other.elsewhere = elsewhere
        assert len(await some(pulled(url, TOKEN), 1)) == 1
        assert (len(site.sessions), other.ended) == (1, [])
