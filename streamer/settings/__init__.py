"""Typed settings and their loader. The door to YAML and pydantic."""

from streamer.settings.loader import load, schema, secrets
from streamer.settings.reference import reference
from streamer.settings.sections import Mqtt, Settings, Stream, WatchSection
from streamer.settings.sources import Source

__all__ = ["Mqtt", "Settings", "Source", "Stream", "WatchSection", "load", "reference", "schema", "secrets"]
