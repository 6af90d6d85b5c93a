"""From settings to the sample dashboard, which lives on what the broker tells."""

from __future__ import annotations

from streamer.settings import Settings
from streamer.settings.places import filled, levels_of
from streamer.web.retail import PREFIX, RetailSite, Whereabouts

__all__ = ["PREFIX", "build_retail", "whereabouts"]


def build_retail(settings: Settings) -> RetailSite:
    return RetailSite(whereabouts(settings))


def whereabouts(settings: Settings) -> Whereabouts:
    """Where a page finds what is told of the streams: levels in which they differ are a wildcard."""
    mqtt = settings.mqtt
    if mqtt is None:
        return Whereabouts(None, "takt", "takt")
    theirs = {level for stream in settings.streams for level in stream.place.known}
    common = {level: name for level, name in mqtt.place.known.items() if level not in theirs}
    parts = [part if set(levels_of(part)) <= set(common) else "+" for part in mqtt.prefix.split("/")]
    prefix = "/".join(filled(part, common) for part in parts)
    return Whereabouts(mqtt.websocket_url, prefix, filled(mqtt.prefix, mqtt.place.known))
