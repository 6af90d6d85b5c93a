"""Sections for those who expect more than plain MQTT."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from streamer.settings.values import Section

SparkplugId = Annotated[str, Field(pattern=r"^[^+/#\x00]+$")]
"""One level of a topic: Sparkplug takes everything but + / #."""


class HomeAssistant(Section):
    """Watches become devices of Home Assistant. Off unless this section is there."""

    prefix: str = Field("homeassistant", description="where it looks for devices, as set there")

    @field_validator("prefix")
    @classmethod
    def _topic(cls, prefix: str) -> str:
        if not prefix or set(prefix) & set("+#") or prefix.startswith(("/", "$")) or prefix.endswith("/"):
            raise ValueError("must be a topic without + and #, without $ or a slash in front, without one at its end")
        return prefix


class Sparkplug(Section):
    """The service as an edge node of Sparkplug B, its streams as devices. Off unless this section is there."""

    group: SparkplugId = Field(description="the group of edge nodes, without + / #", examples=["Plant 1"])
    edge_node: SparkplugId = Field(description="its name within the group, without + / #", examples=["line-1"])
    primary_host: SparkplugId | None = Field(
        None, description="births wait until this host application is online; null: for nobody"
    )
