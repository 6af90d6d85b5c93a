"""How a way is found to peers of WebRTC, and which pages may publish."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from streamer.settings.secrets import check_one, password_of
from streamer.settings.values import Section, Text

_SERVER = re.compile(r"(stuns?|turns?):(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\?transport=(udp|tcp))?")
_ORIGIN = re.compile(r"\*|https?://[\w.-]+(:\d{1,5})?")


class IceServerSection(Section):
    """A STUN or TURN server; of each kind the first is used. Publishers are told of all."""

    url: Text = Field(
        description="stun:host[:port], turn:host[:port][?transport=udp|tcp] or turns:…",
        examples=["stun:stun.example.net"],
    )
    username: Text | None = Field(None, description="of TURN")
    password: SecretStr | None = Field(None, description="of TURN; better as password_file or ${VARIABLE}")
    password_file: Path | None = Field(None, description="a file that holds the password")

    @field_validator("url")
    @classmethod
    def _server(cls, url: str) -> str:
        if _SERVER.fullmatch(url) is None:
            raise ValueError("must be stun:host[:port], turn:host[:port][?transport=udp or tcp] or turns:host[:port]")
        return url

    @model_validator(mode="after")
    def _one_password(self) -> IceServerSection:
        check_one("password", self.password, self.password_file)
        if self.url.startswith("turn") and (self.username is None or not self.has_password):
            raise ValueError("TURN needs username and password_file")
        return self

    @property
    def has_password(self) -> bool:
        return self.password is not None or self.password_file is not None

    def secret(self) -> str | None:
        """The password, wherever it is kept. Raises OSError or UnicodeDecodeError where the file cannot be read."""
        return password_of(self.password, self.password_file)


class WebRtcSection(Section):
    """Streams of the kinds whip and whep: how peers and this machine find a way to each other."""

    ice_servers: tuple[IceServerSection, ...] = Field((), description="none: they must reach each other directly")
    policy: Literal["all", "relay"] = Field("all", description="relay: by way of the TURN server alone")
    origins: tuple[Text, ...] = Field(
        (), description="of other web pages that may publish from a browser, e.g. https://shop.example; [*]: of all"
    )

    @field_validator("origins")
    @classmethod
    def _pages(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        if any(_ORIGIN.fullmatch(origin) is None for origin in origins):
            raise ValueError("must be http://host[:port], https://host[:port] or *")
        return origins
