"""From the broker's section to parts: the sink, and those who are told in other forms of what it shows."""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from urllib.parse import urlsplit

from streamer.clock import Clock
from streamer.commands import ALONE, Others
from streamer.errors import ConfigError
from streamer.home_assistant.announcing import Announcer
from streamer.home_assistant.components import Topics
from streamer.metrics import Metrics
from streamer.settings import HomeAssistant, Mqtt, Settings, Stream
from streamer.settings.places import filled
from streamer.sinks.base import StatusSink
from streamer.sinks.encoding import PLAIN, Encoding, cloudevents
from streamer.sinks.jsonl import JsonLinesSink
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.sinks.sparkplug.client import NodeOptions, SparkplugNode
from streamer.sinks.station import Station
from streamer.stages import StreamStages

Announce = Callable[[Iterable[StreamStages]], None]
REMEMBERED = "shown.json"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where everything goes."""

    sink: AbstractAsyncContextManager[StatusSink]
    announce: Announce | None = None
    """Tells others which watches there are; None: nobody asks."""
    once: Callable[[str, Mapping[str, object]], None] | None = None
    """See `MqttSink.once`."""
    prefixes: dict[str, str] = field(default_factory=dict)
    """What stands before the topics of streams: others than at first may be put in here."""


def build_broker(settings: Settings, clock: Clock, metrics: Metrics, others: Others = ALONE) -> Broker:
    """Where no broker is configured, lines of JSON on standard output. What the `others` have of streams stays.

    Raises:
        ConfigError: a password or CA file that cannot be used.
    """
    mqtt = settings.mqtt
    if mqtt is None:
        return Broker(nullcontext(JsonLinesSink(sys.stdout)))
    prefixes = prefixes_of(mqtt, settings.streams)
    options = replace(
        mqtt_options(mqtt),
        prefixes=prefixes,
        remembered=settings.data_dir / REMEMBERED,
        elsewhere=others.have,
        may_publish=others.may_publish,
    )
    node = _node(settings, mqtt, options, clock, metrics)
    sink = MqttSink(options, clock, metrics, encoding_of(mqtt, options), None if node is None else node.state)
    told = [_announcer(settings, mqtt, options, sink), None if node is None else node.consist_of]
    asked = [one for one in told if one is not None]
    announce = partial(_tell, asked) if asked else None
    return Broker(sink if node is None else _both(node, sink), announce, sink.once, prefixes)


def _tell(asked: Sequence[Callable[[Sequence[Station]], None]], streams: Iterable[StreamStages]) -> None:
    stations = stations_of(streams)
    for one in asked:
        one(stations)


def _announcer(
    settings: Settings, mqtt: Mqtt, options: MqttOptions, sink: MqttSink
) -> Callable[[Sequence[Station]], None] | None:
    """What tells Home Assistant of watches; where it is not asked for any more, of none, so that they go there."""
    section = mqtt.home_assistant
    if section is None and not Announcer.knows(settings.data_dir):
        return None
    topics = Topics(
        prefix=options.prefix,
        service=sink.status_topic,
        enveloped=mqtt.encoding == "cloudevents",
        acknowledge=settings.andon.acknowledge,
        prefixes=options.prefixes,
    )
    prefix = (section or HomeAssistant()).prefix
    announcer = Announcer(sink, settings.data_dir, prefix, topics, version("taktstream"), options.elsewhere)
    return announcer.announce if section is not None else lambda _: announcer.announce([])


def _node(settings: Settings, mqtt: Mqtt, options: MqttOptions, clock: Clock, metrics: Metrics) -> SparkplugNode | None:
    section = mqtt.sparkplug
    if section is None:
        return None
    # A client has one will, and that of the other connection is plain.
    own = replace(options, client_id=f"{options.client_id}-sparkplug")
    who = NodeOptions(section.group, section.edge_node, section.primary_host, version("taktstream"))
    return SparkplugNode(own, who, settings.data_dir, clock, metrics.sparkplug)


@asynccontextmanager
async def _both(node: SparkplugNode, sink: MqttSink) -> AsyncIterator[StatusSink]:
    async with node, sink:
        yield sink


def stations_of(streams: Iterable[StreamStages]) -> list[Station]:
    """Their watches, as they are announced."""
    return [
        Station(
            stages.stream,
            watch.id,
            tuple(label for label in watch.labels if label != watch.background),
            watch.procedure is not None,
        )
        for stages in streams
        for watch in stages.watches.values()
    ]


def prefixes_of(mqtt: Mqtt, streams: Sequence[Stream]) -> dict[str, str]:
    """What stands before each stream's topics."""
    return {stream.id: filled(mqtt.prefix, mqtt.place.known | stream.place.known) for stream in streams}


def encoding_of(mqtt: Mqtt, options: MqttOptions) -> Encoding:
    """How events are written; the client's id names the service."""
    return cloudevents(options.client_id) if mqtt.encoding == "cloudevents" else PLAIN


def mqtt_options(mqtt: Mqtt) -> MqttOptions:
    """The broker's section as the MQTT door takes it.

    Raises:
        ConfigError: the password cannot be read.
    """
    try:
        password = mqtt.secret()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(["mqtt.password_file: cannot be read; give a text file that this user may read"]) from error
    url = urlsplit(mqtt.url)
    tls = url.scheme == "mqtts"
    return MqttOptions(
        host=url.hostname or "localhost",
        port=url.port or (8883 if tls else 1883),
        client_id=mqtt.client_id or f"takt-{socket.gethostname()}",
        prefix=filled(mqtt.prefix, mqtt.place.known),
        expiry_s={str(cls): limit_s for cls, limit_s in mqtt.expires_s.items()},
        tls=tls,
        ca_file=None if mqtt.ca_file is None else str(mqtt.ca_file),
        username=mqtt.username,
        password=password,
    )
