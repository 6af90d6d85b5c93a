"""`takt` as a process: signals, pipes, bytes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from streamer.cli.interrupt import INTERRUPTED
from streamer.testing.rtsp import Fault, RtspCamera
from tests.streamer.cli.test_commands import valid
from tests.streamer.plants import blinking_film, write_plant
from tests.streamer.sources.cameras import picture_feed

pytestmark = pytest.mark.e2e
TAKT = str(Path(sys.executable).with_name("takt"))


def unread(*arguments: str) -> tuple[int, str]:
    """Exit code and standard error of a command whose standard output nobody reads any more."""
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = subprocess.run([TAKT, *arguments], check=False, stdout=writing, stderr=PIPE, text=True, env=buffered)
    finally:
        os.close(writing)
    return process.returncode, process.stderr


def test_nobody_reading_is_no_reason_for_noise(tmp_path: Path) -> None:
    film = blinking_film(tmp_path / "film.mp4", 2)
    plant = str(write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}))
    assert unread("--help") == (1, "")
    assert unread("schema") == (1, "")
    assert unread("check", valid(tmp_path)) == (1, "")
    assert unread("version", "--json") == (1, "")
    code, noise = unread("run", plant)
    assert code == 1
    assert "Traceback" not in noise


@pytest.mark.parametrize("command", ["schema", "check NOWHERE --json", "run PLANT --json", "replay PLANT FILM"])
def test_no_room_for_the_output_is_told_in_a_line(tmp_path: Path, command: str) -> None:
    film = str(blinking_film(tmp_path / "film.mp4", 2))
    plant = str(write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"}))
    words = {"NOWHERE": "/nowhere", "PLANT": plant, "FILM": film}
    arguments = [words.get(word, word) for word in command.split()]
    with Path("/dev/full").open("w") as full:
        process = subprocess.run([TAKT, *arguments], check=False, stdout=full, stderr=PIPE, text=True)
    assert process.returncode == 1
    assert process.stderr == (
        "takt: standard output cannot be written: No space left on device; send it where there is room\n"
    )


async def test_ctrl_c_ends_a_probe_without_a_word() -> None:
    async with RtspCamera(picture_feed()) as camera:
        camera.fault = Fault.SILENT
        process = await asyncio.create_subprocess_exec(TAKT, "probe", camera.url, stdout=PIPE, stderr=PIPE)
        async with asyncio.timeout(30):
            while camera.connections == 0:  # noqa: ASYNC110 - the camera has no event of its own for this
                await asyncio.sleep(0.01)
        process.send_signal(signal.SIGINT)
        assert await process.communicate() == (b"", b"")
    assert process.returncode == INTERRUPTED


IMPORTING = """
import time
from streamer.cli.interrupt import leaving_at_once
with leaving_at_once():
    print("ready", flush=True)
    while True:
        time.sleep(1)
"""


def test_ctrl_c_ends_an_import_without_a_word() -> None:
    with subprocess.Popen([sys.executable, "-c", IMPORTING], stdout=PIPE, stderr=PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == INTERRUPTED


async def test_ctrl_c_ends_a_running_service_in_order(tmp_path: Path) -> None:
    async with RtspCamera(picture_feed()) as camera:
        plant = write_plant(tmp_path, {"cam": f"{{kind: rtsp, url: '{camera.url}'}}"})
        process = await asyncio.create_subprocess_exec(TAKT, "run", str(plant), "--json", stdout=PIPE, stderr=PIPE)
        assert process.stdout is not None
        assert "metrics" in json.loads(await process.stdout.readline())
        process.send_signal(signal.SIGINT)
        _, noise = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in noise


def test_two_replays_print_the_same_bytes(tmp_path: Path) -> None:
    film = blinking_film(tmp_path / "film.mp4", 6)
    plant = write_plant(tmp_path, {"cam": f"{{kind: file, path: {film}}}"})
    command = [TAKT, "replay", str(plant), str(film), "--json", "--start-at", "2026-11-24T06:00:00+01:00"]
    first, second = (subprocess.run(command, stdout=PIPE, check=True, timeout=60).stdout for _ in range(2))
    assert first == second
    assert [json.loads(line)["phase"] for line in first.splitlines()] == ["started", "ended"] * 3
    assert json.loads(first.splitlines()[0])["at"].startswith("2026-11-24T05:00:00.")
