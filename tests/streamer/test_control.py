"""How a command reaches the service: one line there, one line back, for its own user alone."""

from __future__ import annotations

import asyncio
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from streamer.control import ask, listening
from streamer.errors import ConfigError, NobodyThere, TaktError


async def answer(request: Mapping[str, Any]) -> Mapping[str, Any]:
    if request.get("do") == "fail":
        raise ConfigError(["told so"])
    if request.get("do") == "bug":
        raise ZeroDivisionError("a bug")
    return {"asked": dict(request)}


async def test_a_request_is_answered_however_long_the_path_is(tmp_path: Path) -> None:
    folder = tmp_path / ("deep" * 40)
    folder.mkdir()
    async with listening(folder, answer):
        assert await asyncio.to_thread(ask, folder, {"do": "this"}) == {"asked": {"do": "this"}}
        mode = (folder / "control.sock").stat().st_mode
        assert stat.S_ISSOCK(mode)
        assert stat.S_IMODE(mode) == 0o600
    with pytest.raises(NobodyThere, match="no service runs over"):
        ask(folder, {})


async def test_what_fails_is_told_and_the_next_request_is_answered(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening(tmp_path, answer):
        assert await asyncio.to_thread(ask, tmp_path, {"do": "fail"}) == {"problem": "told so"}
        assert await asyncio.to_thread(ask, tmp_path, {"do": "bug"}) == {"problem": "a bug"}
        assert "ZeroDivisionError" in caplog.text
        assert await asyncio.to_thread(_raw, tmp_path, b"no json\n") == b""
        assert b"a request is a JSON object" in await asyncio.to_thread(_raw, tmp_path, b"[]\n")
        assert "asked" in await asyncio.to_thread(ask, tmp_path, {})


def _raw(folder: Path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as there:
        there.connect(str(folder / "control.sock"))
        there.sendall(request)
        return there.recv(1000)


async def test_a_socket_that_was_left_by_a_killed_service_makes_way(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control.sock"))
    with pytest.raises(NobodyThere):
        ask(tmp_path, {})
    async with listening(tmp_path, answer):
        assert "asked" in await asyncio.to_thread(ask, tmp_path, {})


async def test_where_no_socket_can_be_the_service_runs_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ran = False
    async with listening(tmp_path / "nowhere", answer):
        ran = True
    assert ran
    assert "commands do not reach this service" in caplog.text


async def test_a_service_that_ends_before_it_has_answered_is_told(tmp_path: Path) -> None:
    asked = asyncio.Event()

    async def never(_: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.set()
        await asyncio.Event().wait()
        return {}

    async with listening(tmp_path, never):
        telling = asyncio.create_task(asyncio.to_thread(ask, tmp_path, {}, 0.2))
        await asked.wait()
        with pytest.raises(TaktError, match="did not answer"):
            await telling
