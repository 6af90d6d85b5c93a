"""The settings as they are in one worker: what no two of them may share is its own, the rest is the service's. Pure."""

from __future__ import annotations

import socket

from streamer.settings import JsonlSink, Mqtt, Settings


def own(settings: Settings, slot: str) -> Settings:
    """A folder, a name at the broker, an edge node and files of lines of its own; the service's pictures."""
    return settings.model_copy(
        update={
            "mqtt": None if settings.mqtt is None else _mqtt(settings.mqtt, slot),
            "sinks": tuple(_lines(sink, slot) if isinstance(sink, JsonlSink) else sink for sink in settings.sinks),
            "evidence": settings.evidence.model_copy(update={"folder": settings.evidence_folder}),
            "data_dir": settings.data_dir / "workers" / slot,
        }
    )


def without_streams(settings: Settings) -> Settings:
    return settings.model_copy(update={"streams": ()})


def _mqtt(mqtt: Mqtt, slot: str) -> Mqtt:
    name, node = mqtt.client_id or f"takt-{socket.gethostname()}", mqtt.sparkplug
    if node is not None:  # two of a name would throw each other out, and each number births of its own
        node = node.model_copy(update={"edge_node": f"{node.edge_node}-{slot}"})
    return mqtt.model_copy(update={"client_id": f"{name}-{slot}", "sparkplug": node})


def _lines(sink: JsonlSink, slot: str) -> JsonlSink:
    """Files are turned over by who writes them."""
    return sink.model_copy(update={"file": sink.file.with_name(f"{sink.file.stem}-{slot}{sink.file.suffix}")})
