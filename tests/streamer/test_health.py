"""What a probe sees: alive is not ready, and neither asks cameras or the broker."""

from __future__ import annotations

import asyncio

import pytest

from streamer.errors import ConfigError
from streamer.health import Health, serve


async def get(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    return int(head.split()[1]), body


def exposition() -> tuple[str, bytes]:
    return "text/plain", b"takt_up 1\n"


async def test_alive_as_soon_as_it_listens_and_ready_when_told() -> None:
    health = Health()
    async with serve("127.0.0.1", 0, health, exposition) as port:
        before = [(await get(port, path))[0] for path in ("/livez", "/readyz")]
        health.ready = True
        after = [(await get(port, path))[0] for path in ("/livez", "/readyz")]

    assert (before, after) == ([200, 503], [200, 200])


async def test_metrics_are_served() -> None:
    async with serve("127.0.0.1", 0, Health(), exposition) as port:
        assert await get(port, "/metrics?x=1") == (200, "takt_up 1\n")


async def test_an_unknown_path_names_those_that_exist() -> None:
    async with serve("127.0.0.1", 0, Health(), exposition) as port:
        status, body = await get(port, "/")

    assert status == 404
    assert "/metrics" in body


async def test_only_get_is_answered() -> None:
    async with serve("127.0.0.1", 0, Health(), exposition) as port:
        assert (await get(port, "/metrics", "POST"))[0] == 405


async def test_a_client_that_says_nothing_sensible_disturbs_nobody() -> None:
    async with serve("127.0.0.1", 0, Health(), exposition) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"\x00" * 100_000)
        writer.close()

        assert (await get(port, "/livez"))[0] == 200


async def test_a_taken_port_is_the_operators_to_mend() -> None:
    async with serve("127.0.0.1", 0, Health(), exposition) as port:
        with pytest.raises(ConfigError, match=r"http\.port"):
            async with serve("127.0.0.1", port, Health(), exposition):
                pass
