"""A watch as a device of Home Assistant: one retained message. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streamer.home_assistant.components import Topics, availability, components
from streamer.home_assistant.names import slug
from streamer.sinks.station import Station


@dataclass(frozen=True, slots=True)
class Device:
    """What is announced."""

    topic: str
    """Below Home Assistant's own prefix."""
    payload: Mapping[str, object]
    platforms: Mapping[str, str]
    """Of each component, by its key."""

    def without(self, gone: Mapping[str, str]) -> dict[str, object]:
        """The payload that also takes components away which were there once: their platform alone says that."""
        shown = self.payload["cmps"]
        assert isinstance(shown, dict)
        return {**self.payload, "cmps": {**{key: {"p": platform} for key, platform in gone.items()}, **shown}}


def device(station: Station, topics: Topics, version: str) -> Device:
    """Ids are made of prefix, stream and watch alone: the same for as long as these are."""
    id_ = "_".join(slug(part) for part in (topics.prefix_of(station), station.stream, station.watch))
    shown = {key: {**one, "uniq_id": f"{id_}_{key}"} for key, one in components(station, topics)}
    payload: dict[str, object] = {
        "dev": {
            "ids": [id_],
            "name": f"{station.stream} {station.watch}",
            "mf": "Taktstream",
            "mdl": "Watch",
            "sw": version,
        },
        "o": {"name": "taktstream", "sw": version},
        "cmps": shown,
        **availability(station, topics),
        "qos": 1,
    }
    return Device(f"device/{id_}/config", payload, {key: str(one["p"]) for key, one in shown.items()})
