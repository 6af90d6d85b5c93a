"""Where traces of events go."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator

from streamer.settings.values import Section, Share, Text, check_address

_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)[ \t]*")


class TracingSection(Section):
    """A trace per event, from its newest picture to the broker's receipt, by OpenTelemetry (docs/tracing.md)."""

    otlp: str | None = Field(
        None, description="a collector's http(s) address, e.g. http://collector:4318/v1/traces; null: no traces"
    )
    sample: Share = Field(1.0, description="share of the events that is traced; every process decides alike")
    service_name: Text = Field("takt", description="what the service is called in traces")
    headers_file: Path | None = Field(
        None, description="a file with what the collector asks for, `Name: value` a line; read at the start"
    )

    @field_validator("otlp")
    @classmethod
    def _plain(cls, otlp: str | None) -> str | None:
        if otlp is not None:
            if set(otlp) & set("@?#"):
                raise ValueError("must not hold a user, a password or a query; use headers_file")
            check_address(otlp, "http", "https")
        return otlp

    def headers(self) -> dict[str, str]:
        """What the collector is given with each request, secret.

        Raises:
            OSError, UnicodeDecodeError: the file cannot be read.
            ValueError: a line is no header; its text is not quoted.
        """
        if self.headers_file is None:
            return {}
        found = {}
        for n, line in enumerate(self.headers_file.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            match = _HEADER.fullmatch(line)
            if match is None:
                raise ValueError(f"line {n} must be `Name: value`, in printable ASCII")
            found[match[1]] = match[2]
        return found
