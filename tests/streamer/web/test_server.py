"""What a probe sees: alive is not ready, and neither asks cameras or the broker."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import suppress
from http import HTTPStatus

import pytest

from streamer.errors import ConfigError
from streamer.exchange import Answer, BodyTooLarge, Request, plain
from streamer.health import Health
from streamer.web import make_app, serve


async def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


def exposition() -> tuple[str, bytes]:
    return "text/plain", b"takt_up 1\n"


async def test_alive_as_soon_as_it_listens_and_ready_when_told() -> None:
    health = Health()
    async with serve("127.0.0.1", 0, make_app(health, exposition)) as port:
        before = [(await get(port, path))[0] for path in ("/livez", "/readyz")]
        health.ready = True
        after = [(await get(port, path))[0] for path in ("/livez", "/readyz")]

    assert (before, after) == ([200, 503], [200, 200])


async def test_metrics_are_served() -> None:
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        assert await get(port, "/metrics?x=1") == (200, "takt_up 1\n")


async def test_an_unknown_path_names_those_that_exist() -> None:
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        status, body = await get(port, "/")

    assert status == 404
    assert "/metrics" in body


async def test_only_get_is_answered() -> None:
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        assert (await get(port, "/metrics", "POST"))[0] == 405


async def test_a_client_that_says_nothing_sensible_disturbs_nobody() -> None:
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x00" * 100_000)
        writer.close()

        assert (await get(port, "/livez"))[0] == 200


async def test_a_taken_port_is_the_operators_to_mend() -> None:
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        with pytest.raises(ConfigError, match=r"http\.port"):
            async with serve("127.0.0.1", port, make_app(Health(), exposition)):
                pass


async def test_who_says_nothing_or_half_a_word_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.server.REQUEST_S", 0.1)
    async with serve("127.0.0.1", 0, make_app(Health(), exposition)) as port:
        silent, silent_writer = await asyncio.open_connection("127.0.0.1", port)
        slow, slow_writer = await asyncio.open_connection("127.0.0.1", port)
        slow_writer.write(b"GET /livez HTTP/1.1\r\nHost")
        again, again_writer = await asyncio.open_connection("127.0.0.1", port)
        again_writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await again.readuntil(b"ok\n")).startswith(b"HTTP/1.1 200")
        again_writer.write(b"GET /livez HTT")
        for reader in (silent, slow, again):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        for writer in (silent_writer, slow_writer, again_writer):
            writer.close()


class Echo:
    """A site that says what it was asked, and of how much."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    async def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        try:
            body = await request.body(10)
        except BodyTooLarge:
            return plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        return Answer(HTTPStatus.CREATED, {"Location": "/x/1"}, body)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"Content-Length: 4\r\n\r\nbody", 201),
        (b"Content-Length: 11\r\n\r\n", 413),
        (b"Content-Length: 1000000000\r\n\r\n", 413),
        (b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n", 201),
        (b"Transfer-Encoding: chunked\r\n\r\nb\r\n0123456789a\r\n", 413),
    ],
)
async def test_a_site_is_asked_by_any_method_and_reads_no_more_than_it_wants(sent: bytes, status: int) -> None:
    site = Echo()
    async with serve("127.0.0.1", 0, make_app(Health(), exposition, {"/x/": site})) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PATCH /x/%61b?c=d HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nConnection: close\r\n" + sent)
        answer = await reader.read()
        writer.close()
    assert answer.startswith(f"HTTP/1.1 {status}".encode())
    assert (site.seen[0].method, site.seen[0].path, site.seen[0].client) == ("PATCH", "/x/ab", "127.0.0.1")
    assert site.seen[0].headers["x-one"] == "1"


async def test_who_announces_a_body_and_does_not_bring_it_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.body.BODY_S", 0.1)
    async with serve("127.0.0.1", 0, make_app(Health(), exposition, {"/x/": Echo()})) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /x/a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbo")
        answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")


async def test_what_is_under_way_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.server.LEAVE_S", 0.05)
    begun = asyncio.Event()

    class Endless:
        async def answer(self, request: Request) -> Answer:
            begun.set()
            await asyncio.Event().wait()
            raise AssertionError

    async with asyncio.timeout(5):
        async with serve("127.0.0.1", 0, make_app(Health(), exposition, {"/x/": Endless()})) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /x/a HTTP/1.1\r\nHost: x\r\n\r\n")
            await begun.wait()
        assert (await reader.read())[:12] in (b"", b"HTTP/1.1 500")
        writer.close()


async def test_who_asks_and_takes_no_answer_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.server.TAKES_S", 0.1)
    over = asyncio.Event()

    class Large:
        async def answer(self, request: Request) -> Answer:
            return Answer(HTTPStatus.OK, {}, self.pieces())

        async def pieces(self) -> AsyncGenerator[bytes, None]:
            for _ in range(4):
                yield bytes(8 << 20)
            over.set()

    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with asyncio.timeout(10), serve("127.0.0.1", 0, make_app(Health(), exposition, {"/x/": Large()})) as port:
            client.connect(("127.0.0.1", port))
            client.sendall(b"GET /x/a HTTP/1.1\r\nHost: x\r\n\r\n")
            await over.wait()
    assert over.is_set()


async def test_who_takes_an_answer_slowly_gets_all_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamer.web.server.TAKES_S", 1.0)

    def much() -> tuple[str, bytes]:
        return "text/plain", bytes(8 << 20)

    async with asyncio.timeout(20), serve("127.0.0.1", 0, make_app(Health(), much)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4096)
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        taken = 0
        while piece := await reader.read(4096):
            taken += len(piece)
        writer.close()
    assert taken > 8 << 20
