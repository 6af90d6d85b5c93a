"""Where messages go besides the broker."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from streamer.settings.values import MessageClass, PositiveSeconds, Section, Slug, check_address


class _Sink(Section):
    streams: tuple[Slug, ...] | None = Field(None, description="only messages of these; null: of all")
    classes: tuple[MessageClass, ...] | None = Field(None, description="only action, step (units too), gap; null: all")


class JsonlSink(_Sink):
    """Lines of JSON appended to a file, durable (fsync) before they count as delivered."""

    kind: Literal["jsonl"]
    id: Slug = Field(description="unique; what waits for it is kept under this name", examples=["lines"])
    file: Path = Field(description="where to; its folder is made", examples=["events.jsonl"])
    rotate_mib: int = Field(64, ge=1, le=1_048_576, description="MiB after which a new file begins")
    files: int = Field(5, ge=1, le=1000, description="older files that are kept, as NAME.1 (the newest), NAME.2 …")


class WebhookSink(_Sink):
    """HTTP POSTs, signed as Standard Webhooks says; redirects are not followed."""

    kind: Literal["webhook"]
    id: Slug = Field(description="unique; what waits for it is kept under this name", examples=["hook"])
    url: SecretStr = Field(
        description="https:// or http:// address; it is never logged", examples=["https://mes.example/events"]
    )
    token_file: Path | None = Field(None, description="a file with a bearer token, read before each request")
    secret_file: Path | None = Field(
        None, description="a file with what requests are signed with (HMAC-SHA256), read before each request"
    )
    batch: int = Field(1, ge=1, le=100, description="1: an object a request; more: arrays of at most so many")
    timeout_s: PositiveSeconds = Field(10.0, description="seconds for a request and its answer")
    ca_file: Path | None = Field(None, description="trusted instead of the system's authorities")

    @field_validator("url")
    @classmethod
    def _address(cls, url: SecretStr) -> SecretStr:
        text = url.get_secret_value()
        check_address(text, "https", "http")
        if "@" in text.split("/")[2]:
            raise ValueError("must not hold a password; use token_file")
        return url


SinkSection = Annotated[JsonlSink | WebhookSink, Field(discriminator="kind")]
