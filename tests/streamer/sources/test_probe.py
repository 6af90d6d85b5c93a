"""A probe tells what a camera delivers, or what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamer.sources.address import Address
from streamer.sources.probe import probe
from streamer.testing import rtsp
from streamer.testing.bomb import BombFeed
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtp import session_description
from streamer.testing.rtsp import Fault, RtspCamera
from tests.streamer.sources.cameras import CLOCK, QUICK, film, picture_feed
from tests.streamer.sources.pages import PLAYLIST, SEGMENT, page, playlist, segment


async def test_a_camera_is_described(tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK)) as camera:
        report = await probe(Address(camera.url, **QUICK), seconds=2.2)
    assert report.ok
    assert (report.codec, report.width, report.height, report.transport) == ("h264", 320, 180, "tcp")
    assert report.delivered_fps == pytest.approx(25, rel=0.1)
    assert report.keyframe_interval_s == pytest.approx(2.0, abs=0.1)
    assert report.time_source == "rtcp"


async def test_a_film_is_described(tmp_path: Path) -> None:
    report = await probe(str(film(tmp_path)), seconds=2.0)
    assert report.delivered_fps == pytest.approx(25, rel=0.02)
    assert report.declared_fps == pytest.approx(25, rel=0.02)
    assert (report.time_source, report.transport, report.url) == ("file", "file", "square.mp4")


async def test_a_recording_in_hls_is_described_by_its_own_time_and_called_one(tmp_path: Path) -> None:
    """Its segments come in bursts, and it may be over before the look is."""
    answers = {
        "/film.m3u8": (PLAYLIST, [playlist("film.ts", seconds=4.4)]),
        "/film.ts": (SEGMENT, [segment(tmp_path, 4.4)]),
    }
    async with page(answers) as shown:
        report = await probe(f"{shown.url}/film.m3u8", seconds=60.0)
    assert report.ok
    assert report.delivered_fps == pytest.approx(25, rel=0.02)
    assert report.keyframe_interval_s == pytest.approx(2.0, abs=0.01)
    assert "recording" in report.advice


async def test_a_stream_that_breaks_off_is_no_recording(tmp_path: Path) -> None:
    coded = segment(tmp_path, 1.0)
    async with page({"/live.ts": (SEGMENT, [coded[:10_000], coded[10_000:]])}) as shown:
        report = await probe(f"{shown.url}/live.ts", seconds=60.0)
    assert not report.ok
    assert "recording" not in report.advice


async def test_failures_come_with_advice() -> None:
    async with RtspCamera(picture_feed(), login=("user", "C4N4RY")) as camera:
        host = camera.url.rpartition("@")[2]
        refused = await probe(f"rtsp://user:C4N4RYwrong@{host}")
        camera.login, camera.fault = None, Fault.SILENT
        silent = await probe(Address(f"rtsp://{host}", **QUICK))
        camera.fault = Fault.RTCP_ONLY
        stalled = await probe(Address(f"rtsp://{host}", **QUICK), seconds=0.5)
    async with RtspCamera(BombFeed(CLOCK)) as camera:
        bomb = await probe(camera.url)
    assert [report.reason for report in (refused, silent, bomb)] == ["auth", "timeout", "too_large"]
    assert not stalled.ok
    for report in (refused, silent, stalled, bomb):
        assert report.advice
        assert "C4N4RY" not in repr(report)


async def test_a_text_file_comes_with_advice(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("nothing to see")
    report = await probe(str(text))
    assert (report.reason, report.ok) == ("not_video", False)
    assert "video file" in report.advice


async def test_a_codec_that_nobody_knows_comes_with_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*arguments: object) -> str:
        return session_description(*arguments).replace("H264/", "X-FOO/")  # type: ignore[arg-type]

    monkeypatch.setattr(rtsp, "session_description", unknown)
    async with RtspCamera(picture_feed()) as camera:
        report = await probe(Address(camera.url, **QUICK), seconds=1.0)
    assert (report.reason, report.advice) == ("codec", "set the camera to H.264 or H.265")
