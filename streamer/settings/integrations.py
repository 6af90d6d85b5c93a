"""Sections for those who expect more than plain MQTT."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, field_validator

from streamer.settings.values import Section


def _one_level(name: str) -> str:
    if not name or set(name) & set("+/#\0"):
        raise ValueError("must be one level of a topic: at least one character, and no + / #")
    return name


SparkplugId = Annotated[str, AfterValidator(_one_level)]


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
