"""Pages and encrypted cameras, on loopback."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.address import Address
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import RtspCamera
from tests.streamer.sources.cameras import CLOCK, QUICK, Counts, decode_threads, draw, fail, film, source, take
from tests.streamer.sources.pages import (
    PLAYLIST,
    SEGMENT,
    certified,
    page,
    pictures_that_stop,
    playlist,
    segment,
    server_side,
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return certified(tmp_path_factory.mktemp("tls"))


async def test_a_cameras_certificate_is_verified(certificate: Path, tmp_path: Path) -> None:
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK), tls=server_side(certificate)) as camera:
        unknown = await fail(source(Address(camera.url, **QUICK)))
        known = await take(source(Address(camera.url, ca_file=certificate)), 5)
        careless = await take(source(Address(camera.url, tls_verify=False)), 5)
    assert isinstance(unknown, SourceRejected)
    assert unknown.reason == "tls"
    assert "ca_file" in unknown.detail
    assert len(known) == len(careless) == 5
    assert decode_threads() == []


async def test_a_page_of_jpegs_is_a_camera() -> None:
    encoder = av.VideoCodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.framerate = 320, 180, "yuvj420p", 25
    parts = []
    for number in range(60):
        frame = av.VideoFrame.from_ndarray(draw(number / 25), format="rgb24")
        frame.pts = number
        (packet,) = encoder.encode(frame)
        head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {packet.size}\r\n\r\n"
        parts.append(head.encode() + bytes(packet) + b"\r\n")
    async with page({"/video": ("multipart/x-mixed-replace; boundary=next", parts)}) as shown:
        frames = await take(source(Address(f"{shown.url}/video")), 20)
        lost = await fail(source(Address(f"{shown.url}/nothing")))
    assert len(frames) == 20
    assert frames[0].picture.shape == (90, 160, 3)
    assert lost.reason == "not_found"


async def test_hls_segments_are_paced_and_lose_nothing(tmp_path: Path) -> None:
    answers = {
        "/live.m3u8": (PLAYLIST, [playlist("live.ts", seconds=1.4)]),
        "/live.ts": (SEGMENT, [segment(tmp_path, 1.4)]),
    }
    async with page(answers) as shown:
        began_s, frames = CLOCK.monotonic(), []

        async def collect() -> None:
            async for frame in source(Address(f"{shown.url}/live.m3u8")).frames(1):
                frames.append(frame)

        with pytest.raises(SourceUnavailable, match="eof"):
            await collect()
    assert [frame.index for frame in frames] == list(range(35))
    assert CLOCK.monotonic() - began_s > 34 / 25


async def test_what_an_https_playlist_names_is_not_read_unverified(certificate: Path, tmp_path: Path) -> None:
    """FFmpeg checks the playlist's certificate and no segment's: whoever sits between could show his own pictures."""
    (tmp_path / "other").mkdir()
    async with page({"/live.ts": (SEGMENT, [segment(tmp_path, 1.4)])}, certified(tmp_path / "other")) as other:
        listed = {"/live.m3u8": (PLAYLIST, [playlist(f"{other.url}/live.ts", seconds=1.4)])}
        async with page(listed, certificate) as trusted:
            url = f"{trusted.url}/live.m3u8"
            refused = await fail(source(Address(url, ca_file=certificate)))
            asked = list(other.asked)
            careless = await take(source(Address(url, tls_verify=False)), 5)
    assert isinstance(refused, SourceRejected)
    assert refused.reason == "tls"
    assert "tls_verify" in refused.detail
    assert asked == []
    assert len(careless) == 5


async def test_a_single_https_stream_is_read_verified(certificate: Path, tmp_path: Path) -> None:
    async with page({"/live.ts": (SEGMENT, [segment(tmp_path, 1.4)])}, certificate) as trusted:
        unknown = await fail(source(Address(f"{trusted.url}/live.ts")))
        known = await take(source(Address(f"{trusted.url}/live.ts", ca_file=certificate)), 5)
    assert unknown.reason == "tls"
    assert len(known) == 5


async def test_sound_keeps_no_thread_alive() -> None:
    counts = Counts()
    async with page({"/live.mkv": ("video/x-matroska", pictures_that_stop())}) as shown:
        url = f"{shown.url}/live.mkv"
        error = await fail(source(Address(url, read_timeout_s=0.4, stall_timeout_s=1.5), counts))
        assert (counts.frames, error.reason) == (10, "stall")
        assert decode_threads() == []
    assert counts.stuck == []
