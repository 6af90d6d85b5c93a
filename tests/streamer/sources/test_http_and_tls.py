"""Pages and encrypted cameras, on loopback."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import av
import pytest

from streamer.errors import SourceRejected, SourceUnavailable
from streamer.sources.address import Address
from streamer.testing.feeds import FilmFeed
from streamer.testing.rtsp import RtspCamera
from tests.streamer.sources.cameras import CLOCK, QUICK, decode_threads, draw, fail, film, source, take


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself; its key lies beside it as `key.pem`."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"]
    keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", *keys, *files, *names], check=True, capture_output=True)
    return folder / "cert.pem"


async def test_a_cameras_certificate_is_verified(certificate: Path, tmp_path: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
    async with RtspCamera(FilmFeed(film(tmp_path), CLOCK), tls=tls) as camera:
        unknown = await fail(source(Address(camera.url, **QUICK)))
        known = await take(source(Address(camera.url, ca_file=certificate)), 5)
        careless = await take(source(Address(camera.url, tls_verify=False)), 5)
    assert isinstance(unknown, SourceRejected)
    assert unknown.reason == "tls"
    assert "ca_file" in unknown.detail
    assert len(known) == len(careless) == 5
    assert decode_threads() == []


@asynccontextmanager
async def page(answer: dict[str, tuple[str, list[bytes]]]) -> AsyncIterator[str]:
    """An HTTP server: path -> (content type, parts of the body, 40 ms apart)."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        kind, parts = answer.get(request.split(" ")[1], ("", []))
        status = "200 OK" if parts else "404 Not Found"
        length = f"Content-Length: {len(parts[0])}\r\n" if len(parts) == 1 else ""
        writer.write(f"HTTP/1.0 {status}\r\nContent-Type: {kind}\r\n{length}Connection: close\r\n\r\n".encode())
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
                await CLOCK.sleep(0.04 if len(parts) > 1 else 0)
        except OSError:
            pass  # the reader has seen enough
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.close()
    await server.wait_closed()


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
    async with page({"/video": ("multipart/x-mixed-replace; boundary=next", parts)}) as url:
        frames = await take(source(Address(f"{url}/video")), 20)
        lost = await fail(source(Address(f"{url}/nothing")))
    assert len(frames) == 20
    assert frames[0].picture.shape == (90, 160, 3)
    assert lost.reason == "not_found"


async def test_hls_segments_are_paced_and_lose_nothing(tmp_path: Path) -> None:
    with (
        av.open(str(film(tmp_path, 1.4))) as recorded,
        av.open(str(tmp_path / "live.ts"), "w", format="mpegts") as segment,
    ):
        copied = segment.add_stream_from_template(recorded.streams.video[0])
        for packet in recorded.demux(video=0):
            if packet.dts is not None:
                packet.stream = copied
                segment.mux(packet)
    playlist = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3.0,\nlive.ts\n#EXT-X-ENDLIST\n"
    answers = {
        "/live.m3u8": ("application/vnd.apple.mpegurl", [playlist.encode()]),
        "/live.ts": ("video/mp2t", [(tmp_path / "live.ts").read_bytes()]),
    }
    async with page(answers) as url:
        began_s, frames = CLOCK.monotonic(), []

        async def collect() -> None:
            async for frame in source(Address(f"{url}/live.m3u8")).frames(1):
                frames.append(frame)

        with pytest.raises(SourceUnavailable, match="eof"):
            await collect()
    assert [frame.index for frame in frames] == list(range(35))
    assert CLOCK.monotonic() - began_s > 34 / 25
