"""`takt record` against GStreamer's RTSP server, and on a disk that fills up."""

from __future__ import annotations

import asyncio
import json
import os
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path
from typing import Any

import av
import pytest
from av.bitstream import BitStreamFilterContext

from recognizers.data.recordings import labelled
from streamer.testing.film import moving_square, write_film
from tests.e2e.disks import fill
from tests.e2e.processes import GstCamera
from tests.e2e.takt import START_S, TAKT
from tests.streamer.plants import write_plant

pytestmark = pytest.mark.e2e


async def takt_record(folder: Path, url: str, out: Path, *more: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit code, what was kept, and what people were told."""
    config = write_plant(folder, {"cell-4": f'{{kind: rtsp, url: "{url}"{more[0] if more else ""}}}'})
    wanted = ["--watch", "cell-4/bench", "--label", "tighten", "--pre-roll", "1", "--seconds", "2", "--out", str(out)]
    process = await asyncio.create_subprocess_exec(
        TAKT, "record", config, *wanted, *more[1:], "--json", stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=os.environ
    )
    printed, told = await asyncio.wait_for(process.communicate(), START_S)
    assert process.returncode is not None
    return process.returncode, [json.loads(line) for line in printed.splitlines()], told.decode()


def units(path: Path) -> list[bytes]:
    """Coded pictures with start codes, without parameter sets and supplements: what the camera's encoder made."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [packet for packet in film.demux(stream) if packet.size]
        coded = [bytes(part) for packet in packets for part in annex_b.filter(packet)]
    parts = [one.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:] for one in coded]
    return [b"".join(unit for unit in picture if unit[0] & 0x1F in (1, 5)) for picture in parts]


def films(folder: Path) -> list[Path]:
    """Whole or not."""
    return list(folder.rglob("*.mp4*"))


def shown_s(path: Path) -> list[float]:
    """When each picture of a film is shown."""
    with av.open(str(path)) as film:
        return [frame.time for frame in film.decode(video=0)]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
async def test_clips_hold_the_cameras_own_pictures(transport: str, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", moving_square(8, 25, 320, 180), 25, g="25")
    with GstCamera(film) as camera:
        code, kept, told = await takt_record(
            tmp_path, camera.url, tmp_path / "out", f", transport: {transport}", "--count", "2"
        )
    assert code == 0, told
    original = units(film)
    rows = labelled(tmp_path / "out")
    assert [str(tmp_path / "out" / row.path) for row in rows] == [one["clip"] for one in kept]
    assert len(rows) == 2
    for row in rows:
        pictures = units(tmp_path / "out" / row.path)
        assert 75 <= len(pictures) <= 102  # three seconds, and up to one before them
        looped = [original[(original.index(pictures[0]) + n) % len(original)] for n in range(len(pictures))]
        assert pictures == looped
        times = shown_s(tmp_path / "out" / row.path)
        assert times[0] == 0.0
        assert len(times) == len(pictures)
        assert times[-1] == pytest.approx((len(times) - 1) / 25, abs=0.05)


async def test_a_full_disk_is_told_and_leaves_no_half_clip(small_disk: Path, tmp_path: Path) -> None:
    film = write_film(tmp_path / "film.mp4", moving_square(4, 25, 320, 180), 25, g="25")
    fill(small_disk)
    with GstCamera(film) as camera:
        code, kept, told = await takt_record(tmp_path, camera.url, small_disk / "out")
    assert code == 1
    assert "make room, or give another folder" in str(kept[-1]["problem"])
    assert films(small_disk) == []
    assert "Traceback" not in told


async def test_a_camera_that_is_not_there_is_told(tmp_path: Path) -> None:
    with GstCamera(write_film(tmp_path / "film.mp4", moving_square(1, 25, 320, 180), 25)) as camera:
        code, kept, told = await takt_record(tmp_path, f"{camera.url}/nothing", tmp_path / "out")
    assert code == 1
    assert "does not exist (404)" in kept[-1]["problem"]
    assert "Traceback" not in told
