"""Sections for those who expect more than plain MQTT."""

from __future__ import annotations

from pydantic import Field, field_validator

from streamer.settings.values import Section


class HomeAssistant(Section):
    """Watches become devices of Home Assistant. Off unless this section is there."""

    prefix: str = Field("homeassistant", description="where it looks for devices, as set there")

    @field_validator("prefix")
    @classmethod
    def _topic(cls, prefix: str) -> str:
        if not prefix or set(prefix) & set("+#") or prefix.startswith(("/", "$")) or prefix.endswith("/"):
            raise ValueError("must be a topic without + and #, without $ or a slash in front, without one at its end")
        return prefix
