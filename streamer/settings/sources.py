"""Sources by kind. Addresses may hold passwords and are secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from streamer.settings.secrets import LongToken, check_one, token_of
from streamer.settings.values import PositiveSeconds, Section, check_address


class _Limits(Section):
    max_pixels: int = Field(
        16_777_216, ge=1, le=2**31 - 1, description="larger pictures are refused before they are decoded"
    )
    stall_timeout_s: PositiveSeconds = Field(10.0, description="seconds without a decoded picture before reconnecting")


class _Network(_Limits):
    url: SecretStr = Field(description="address of the stream")
    credentials_file: Path | None = Field(None, description="a file with one line user:password, read at every attempt")
    tls_verify: bool = Field(True, description="verify certificates")
    ca_file: Path | None = Field(None, description="certificates to trust besides the machine's own")
    open_timeout_s: PositiveSeconds = Field(5.0, description="seconds to connect")
    read_timeout_s: PositiveSeconds = Field(5.0, description="seconds of silence before the connection is given up")

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
    url: SecretStr = Field(description="rtsp:// or rtsps:// address of the camera", examples=["rtsp://cam4/main"])
    transport: Literal["tcp", "udp"] = Field("tcp", description="how pictures travel")

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr) -> SecretStr:
        check_address(url.get_secret_value(), "rtsp", "rtsps")
        return url


class HttpSource(_Network):
    """HLS or MJPEG over HTTP."""

    kind: Literal["http"]
    url: SecretStr = Field(
        description="http:// or https:// address of a playlist or an MJPEG stream; "
        "a playlist over https needs tls_verify: false, since its segments cannot be verified",
        examples=["http://cam5/live.m3u8"],
    )

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr) -> SecretStr:
        check_address(url.get_secret_value(), "http", "https")
        return url


class FileSource(_Limits):
    """Recorded video in place of a camera."""

    kind: Literal["file"]
    path: Path = Field(description="the video", examples=["film.mp4"])
    pace: Literal["live", "fast"] = Field("live", description="one second a second, or as fast as possible")


class _Peer(_Limits):
    token: SecretStr | None = Field(None, description="bearer token; better as token_file or ${VARIABLE}")
    token_file: Path | None = Field(None, description="a file that holds the token")

    @model_validator(mode="after")
    def _one_token(self) -> _Peer:
        check_one("token", self.token, self.token_file)
        return self

    @property
    def has_token(self) -> bool:
        return self.token is not None or self.token_file is not None

    def secret(self) -> str | None:
        """The token, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
        return token_of(self.token, self.token_file)


class WhipSource(_Peer):
    """Published to `/whip/<stream>` at the address of `http`, by a browser, a phone, OBS or GStreamer."""

    kind: Literal["whip"]
    token: LongToken | None = Field(None, description="bearer token; better as token_file or ${VARIABLE}")
    open_timeout_s: PositiveSeconds = Field(20.0, description="seconds in which a publisher must be connected")


class WhepSource(_Peer):
    """Pulled from a server that plays WebRTC: MediaMTX, go2rtc, a camera."""

    kind: Literal["whep"]
    url: SecretStr = Field(
        description="http:// or https:// address of the WHEP endpoint", examples=["http://media:8889/cam6/whep"]
    )
    tls_verify: bool = Field(True, description="verify certificates")
    ca_file: Path | None = Field(None, description="certificates to trust besides the machine's own")
    open_timeout_s: PositiveSeconds = Field(10.0, description="seconds to connect")

    @field_validator("url")
    @classmethod
    def _scheme(cls, url: SecretStr) -> SecretStr:
        if "@" in url.get_secret_value():
            raise ValueError("must not hold a password; use token_file")
        check_address(url.get_secret_value(), "http", "https")
        return url


Source = Annotated[RtspSource | HttpSource | FileSource | WhipSource | WhepSource, Field(discriminator="kind")]
