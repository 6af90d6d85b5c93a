"""A probe prints what a camera delivers, or what to do."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from streamer.cli import main
from streamer.testing.rtsp import RtspCamera
from tests.streamer.plants import blinking_film
from tests.streamer.sources.cameras import picture_feed

TAKT = str(Path(sys.executable).with_name("takt"))


def test_a_film_is_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film = blinking_film(tmp_path / "film.mp4", 2)
    assert main(["probe", str(film), "--seconds", "1"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()[1:])
    assert (lines["codec"], lines["size"], lines["transport"]) == ("h264", "128x96", "file")
    assert lines["rate"] == "25.00 delivered, 25.00 declared (pictures/s)"

    assert main(["probe", str(film), "--seconds", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["width"], told["height"], told["reason"]) == (True, 128, 96, "")


async def probed(*arguments: str) -> tuple[int | None, str, str]:
    """Exit code, standard output and error, while the test's own loop goes on serving the camera."""
    process = await asyncio.create_subprocess_exec(TAKT, "probe", *arguments, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


@pytest.mark.e2e
async def test_a_camera_is_described_and_no_password_is_shown(tmp_path: Path) -> None:
    async with RtspCamera(picture_feed(), login=("me", "C4N4RY")) as camera:
        right = await probed(camera.url, "--seconds", "1", "--json")
        (tmp_path / "login").write_text("me:C4N4RYwrong")
        address = camera.url.replace("me:C4N4RY@", "")
        wrong = await probed(address, "--credentials-file", str(tmp_path / "login"))
    assert (right[0], wrong[0]) == (0, 1)
    told = json.loads(right[1])
    assert (told["codec"], told["transport"], told["time_source"]) == ("h264", "tcp", "rtcp")
    assert ": auth (" in wrong[1]
    assert "what to do: check the user name and password" in wrong[1]
    assert "C4N4RY" not in right[1] + right[2] + wrong[1] + wrong[2]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("rtsp://127.0.0.1:1/main", "refused"),
        ("rtsp://nobody.invalid/main", "dns"),
        ("/nowhere/film.mp4", "not_found"),
        (__file__, "not_video"),
    ],
)
def test_what_cannot_be_reached_comes_with_advice(url: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", url]) == 1
    out = capsys.readouterr().out
    assert f": {told} (" in out
    assert "\nwhat to do: " in out


@pytest.mark.parametrize("url", ["rtsp://", "webcam://me:C4N4RY@x", "rtsp://me:C4N4RY@x:many/", "rtsp://[::1/"])
def test_what_is_no_address_is_told_without_showing_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", url, "--json"]) == 1
    out, err = capsys.readouterr()
    assert json.loads(out)["problem"].startswith("URL: must be rtsp://host[:port]/path or ")
    assert "C4N4RY" not in out + err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["http://takt:9464/whip/cam", "--whep"], "URL: a publisher's address (WHIP) plays nothing"),
        (["rtsp://cam/main", "--whep"], "URL: must be http://"),
        (["http://media/cam/whep", "--whep", "--token-file", "/nowhere"], "--token-file: cannot be read"),
        (["rtsp://cam/main", "--token-file", "/nowhere"], "--token-file: only with --whep"),
    ],
)
def test_what_a_media_server_is_asked_with_is_checked(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", *given, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["problem"].startswith(told)


def test_a_media_server_that_is_not_there_comes_with_advice(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "--whep", "http://127.0.0.1:1/cam/whep"]) == 1
    out = capsys.readouterr().out
    assert "http://127.0.0.1:1/cam/whep: refused (" in out
    assert "\nwhat to do: " in out


def test_an_address_in_brackets_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["probe", "rtsp://[::1]:1/main"]) == 1
    assert capsys.readouterr().out.startswith("rtsp://[::1]:1/main: refused (")
