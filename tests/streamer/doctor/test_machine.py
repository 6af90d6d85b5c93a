"""The doctor looks at the machine, its port, the files with secrets, and whether there is time for the networks."""

from __future__ import annotations

import asyncio
import os
import resource
from pathlib import Path

import pytest

from streamer.clock import SystemClock
from streamer.doctor import Finding, Grade, files, machine, networks
from streamer.doctor.finding import Notes
from streamer.metrics import Metrics
from streamer.testing.time import FakeClock
from tests.e2e.networks import always_bright
from tests.streamer.doctor.findings import worst
from tests.streamer.settings.files import VALID, read, write_card


async def port(folder: Path, number: int) -> Finding:
    write_card(folder / "cell.safetensors")
    found = await machine.look(read(folder, f"http: {{port: {number}}}\n{VALID}"), SystemClock())
    return next(one for one in found if "port" in one.about)


async def listening(answer: bytes) -> asyncio.Server:
    """Somebody who answers so, whatever is asked."""

    async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    return await asyncio.start_server(tell, "127.0.0.1", 0)


async def test_a_port_is_ours_or_taken_or_free(tmp_path: Path) -> None:
    async with await listening(b"HTTP/1.0 200 OK\r\n\r\n" + Metrics().exposition()) as ours:
        assert "service answers there" in (await port(tmp_path, ours.sockets[0].getsockname()[1])).says
    many = b"# of many cameras\n" * 10_000
    async with await listening(b"HTTP/1.0 200 OK\r\n\r\n" + many + Metrics().exposition()) as ours:
        assert "service answers there" in (await port(tmp_path, ours.sockets[0].getsockname()[1])).says
    async with await listening(b"HTTP/1.0 200 OK\r\n\r\nwelcome") as other:
        number = other.sockets[0].getsockname()[1]
        taken = await port(tmp_path, number)
    assert taken.grade is Grade.BAD
    assert "http.port" in taken.fix
    assert "is free" in (await port(tmp_path, number)).says


async def test_a_clock_of_the_past_is_bad(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    found = await machine.look(read(tmp_path, VALID), FakeClock(86_400.0))
    assert [one.about for one in worst(found) if one.grade is Grade.BAD] == ["clock"]


async def test_too_few_open_files_are_told(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    settings = read(tmp_path, VALID)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    try:
        found = await machine.look(settings, SystemClock())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    (few,) = [one for one in worst(found) if one.about == "open files"]
    assert few.says.startswith("200 may be open")


@pytest.mark.parametrize(("mode", "grade"), [(0o600, "good"), (0o640, "good"), (0o644, "warning")])
async def test_a_secret_is_not_for_everybody(tmp_path: Path, mode: int, grade: str) -> None:
    write_card(tmp_path / "cell.safetensors")
    secret = tmp_path / "cam4"
    secret.write_text("user:C4N4RY")
    os.chmod(secret, mode)
    text = VALID.replace('main"}', f'main", credentials_file: {secret}}}')
    (found,) = await files.look(read(tmp_path, text), SystemClock())
    assert (found.about, found.grade) == (str(secret), grade)
    assert "C4N4RY" not in repr(found)


async def test_a_network_is_loaded_and_timed(tmp_path: Path) -> None:
    text = VALID.replace("CHECKPOINT", str(always_bright(tmp_path / "bright.safetensors")))
    (found,) = await networks.look(read(tmp_path, text), SystemClock())
    assert found.about == "cell"
    assert "ms a decision on" in found.says


async def test_a_network_without_weights_is_bad(tmp_path: Path) -> None:
    write_card(tmp_path / "cell.safetensors")
    (found,) = worst(await networks.look(read(tmp_path, VALID), SystemClock()))
    assert found.grade is Grade.BAD


@pytest.mark.parametrize(("watches", "grade"), [(10, "good"), (40, "warning"), (60, "bad")])
def test_more_watches_than_there_is_time_for_are_told(watches: int, grade: str) -> None:
    notes = Notes.of("recognizers", "cell")
    networks.judge_load(notes, 10.0, watches, 0.5, "cpu")
    assert [one.grade for one in notes.found] == [grade]
