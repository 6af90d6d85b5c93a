"""The section that says where the service is asked, by whom, and what it remembers for them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator, model_validator

from streamer.settings.secrets import LongToken, check_one, token_of
from streamer.settings.values import Section, Slug, Text

Scope = Literal["read", "pictures", "label", "control", "admin"]
LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Addresses that only this machine reaches."""


class TokenSection(Section):
    """Who knows it may ask the API for some things; see docs/api.md."""

    name: Slug = Field(description="whose it is; unique, shown in logs", examples=["wall"])
    token: LongToken | None = Field(None, description="better as token_file or ${VARIABLE}")
    token_file: Path | None = Field(None, description="a file that holds the token")
    scopes: tuple[Scope, ...] = Field(("read",), min_length=1, description="what it is good for; admin: everything")

    @model_validator(mode="after")
    def _one_token(self) -> TokenSection:
        check_one("token", self.token, self.token_file)
        if not self.model_fields_set & {"token", "token_file"}:
            raise ValueError("give token_file")
        return self

    def secret(self) -> str | None:
        """The token, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
        return token_of(self.token, self.token_file)


class HistorySection(Section):
    """Events that are kept in data_dir to be asked for; the oldest go first."""

    events: int = Field(100_000, ge=100, le=10_000_000, description="most events; a thousand need about a MiB")
    days: float = Field(31.0, gt=0, le=3660, description="days after which an event goes")


class Http(Section):
    """Metrics, health, the API and the page."""

    host: Text = Field("127.0.0.1", description="address to listen on; 0.0.0.0 for every one")
    port: int = Field(9464, ge=0, le=65535, description="0 takes a free one")
    tokens: tuple[TokenSection, ...] = Field(
        (), description="who may ask the API; none: everybody on this machine, and nobody where others reach host"
    )
    history: HistorySection = HistorySection()

    @field_validator("tokens")
    @classmethod
    def _names(cls, tokens: tuple[TokenSection, ...]) -> tuple[TokenSection, ...]:
        names = [token.name for token in tokens]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two have the name {twice[0]}; give each its own")
        return tokens

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it."""
        return self.host in LOOPBACK
