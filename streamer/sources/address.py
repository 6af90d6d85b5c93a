"""Where a stream is and how it is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from streamer.sources.redact import redact

Kind = Literal["rtsp", "http", "file"]


@dataclass(frozen=True, slots=True)
class Address:
    """One camera, page or file, with the limits that a source puts on it."""

    url: str = field(repr=False)
    """`rtsp(s)://`, `http(s)://`, or the path of a file. May hold a password: show `shown` instead."""
    transport: Literal["tcp", "udp"] = "tcp"
    """How RTP travels (rtsp only)."""
    credentials_file: Path | None = None
    """A file with one line `user:password`, read at every attempt."""
    tls_verify: bool = True
    ca_file: Path | None = None
    """Certificates to trust besides the machine's own."""
    open_timeout_s: float = 5.0
    read_timeout_s: float = 5.0
    """Silence after which the library gives up; less than `stall_timeout_s`."""
    stall_timeout_s: float = 10.0
    """Time without a decoded picture after which the attempt ends, whatever the socket does."""
    max_pixels: int = 16_777_216
    """Pictures of more pixels than this are refused before they are decoded."""
    pace: Literal["live", "fast"] = "live"
    """Files: one second a second like a camera, or as fast as they are read, with nothing lost."""
    start_at: float | None = None
    """Files: Unix seconds of the first frame; without it, when the file is opened."""

    @property
    def kind(self) -> Kind:
        scheme, found, _ = self.url.partition("://")
        scheme = scheme.lower() if found else ""
        if scheme in {"rtsp", "rtsps"}:
            return "rtsp"
        return "http" if scheme in {"http", "https"} else "file"

    @property
    def live(self) -> bool:
        """A live stream has no end of its own."""
        return self.kind != "file"

    @property
    def loss_free(self) -> bool:
        return self.kind == "file" and self.pace == "fast"

    @property
    def shown(self) -> str:
        """The address for logs, metrics, errors and people."""
        return redact(self.url)
