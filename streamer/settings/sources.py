"""Sources by kind. Addresses may hold passwords and are secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

Seconds = Annotated[float, Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class _Limits(_Section):
    max_pixels: int = Field(16_777_216, ge=1, description="larger pictures are refused before they are decoded")
    stall_timeout_s: Seconds = Field(10.0, description="seconds without a decoded picture before reconnecting")


class _Network(_Limits):
    url: SecretStr = Field(description="address of the stream")
    credentials_file: Path | None = Field(None, description="a file with one line user:password, read at every attempt")
    tls_verify: bool = Field(True, description="verify certificates")
    ca_file: Path | None = Field(None, description="certificates to trust besides the machine's own")
    open_timeout_s: Seconds = Field(5.0, description="seconds to connect")
    read_timeout_s: Seconds = Field(5.0, description="seconds of silence before the connection is given up")

    @model_validator(mode="after")
    def _order(self) -> _Network:
        if self.read_timeout_s >= self.stall_timeout_s:
            raise ValueError(
                f"read_timeout_s ({self.read_timeout_s}) must be below stall_timeout_s ({self.stall_timeout_s})"
            )
        return self


class RtspSource(_Network):
    """A camera."""

    kind: Literal["rtsp"]
    transport: Literal["tcp", "udp"] = Field("tcp", description="how pictures travel")

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr) -> SecretStr:
        return _with_scheme(url, ("rtsp", "rtsps"))


class HttpSource(_Network):
    """HLS or MJPEG over HTTP."""

    kind: Literal["http"]

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr) -> SecretStr:
        return _with_scheme(url, ("http", "https"))


class FileSource(_Limits):
    """Recorded video in place of a camera."""

    kind: Literal["file"]
    path: Path = Field(description="the video")
    pace: Literal["live", "fast"] = Field("live", description="one second a second, or as fast as possible")


Source = Annotated[RtspSource | HttpSource | FileSource, Field(discriminator="kind")]


def _with_scheme(url: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    """The text of the address is never quoted: it may hold a password."""
    try:
        parts = urlsplit(url.get_secret_value())
        fits = parts.scheme.lower() in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"must be {' or '.join(f'{scheme}://' for scheme in schemes)}host[:port]/path")
    return url
