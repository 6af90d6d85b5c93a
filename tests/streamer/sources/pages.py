"""Pages that the tests of sources read: an HTTP server on loopback and what it shows."""

from __future__ import annotations

import asyncio
import io
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from streamer.testing.film import moving_square
from tests.streamer.sources.cameras import CLOCK, film

PLAYLIST = "application/vnd.apple.mpegurl"
SEGMENT = "video/mp2t"


class Page:
    """Where an HTTP server is, and what was asked of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[str] = []


@asynccontextmanager
async def page(answers: dict[str, tuple[str, list[bytes]]], certificate: Path | None = None) -> AsyncIterator[Page]:
    """Serve path -> (content type, parts of the body, 40 ms apart); `certificate` (see `certified`) makes it https."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).decode().split(" ")[1]
        shown.asked.append(path)
        kind, parts = answers.get(path, ("", []))
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

    tls = None if certificate is None else server_side(certificate)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    scheme = "http" if tls is None else "https"
    shown = Page(f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    yield shown
    server.close()
    await server.wait_closed()


def certified(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that signs itself; its key lies beside it as `key.pem`."""
    names = ["-subj", "/CN=camera", "-addext", "subjectAltName=IP:127.0.0.1"]
    keys = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", *keys, *files, *names], check=True, capture_output=True)
    return folder / "cert.pem"


def server_side(certificate: Path) -> ssl.SSLContext:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, certificate.with_name("key.pem"))
    return tls


def segment(folder: Path, seconds: float) -> bytes:
    """MPEG-TS of a film at 25 pictures/s with a key frame every 2 s."""
    with (
        av.open(str(film(folder, seconds))) as recorded,
        av.open(str(folder / "live.ts"), "w", format="mpegts") as copy,
    ):
        copied = copy.add_stream_from_template(recorded.streams.video[0])
        for packet in recorded.demux(video=0):
            if packet.dts is not None:
                packet.stream = copied
                copy.mux(packet)
    return (folder / "live.ts").read_bytes()


def playlist(*urls: str, seconds: float) -> bytes:
    """A recording in HLS, of segments of `seconds` each."""
    entries = "".join(f"#EXTINF:{seconds},\n{url}\n" for url in urls)
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:{seconds + 1:.0f}\n{entries}#EXT-X-ENDLIST\n".encode()


def pictures_that_stop() -> list[bytes]:
    """Matroska in parts: 0.4 s of pictures with noise, at once, and the noise alone for 20 s more."""
    stored, rate, block = io.BytesIO(), 44_100, 1024
    with av.open(stored, "w", format="matroska", options={"live": "1", "cluster_time_limit": "100"}) as both:
        seen = both.add_stream("libx264", rate=25, options={"tune": "zerolatency"})
        seen.width, seen.height, seen.pix_fmt = 320, 180, "yuv420p"
        heard = both.add_stream("aac", rate=rate)
        heard.layout = "mono"
        packets = []
        for number, picture in enumerate(moving_square(0.4, 25)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            packets += seen.encode(frame)
        rng = np.random.default_rng(1)
        for start in range(0, 20 * rate, block):
            noise = rng.uniform(-0.5, 0.5, (1, block)).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(noise, format="fltp", layout="mono")
            sound.sample_rate, sound.pts, sound.time_base = rate, start, Fraction(1, rate)
            packets += heard.encode(sound)
        for packet in sorted(packets, key=lambda one: one.dts * one.time_base):
            both.mux(packet)
    whole, parts = stored.getvalue(), 500
    head, rest = whole[: len(whole) // 10], whole[len(whole) // 10 :]
    size = len(rest) // parts
    return [head, *(rest[at : at + size] for at in range(0, len(rest), size))]
