"""From settings to parts: the one place that knows which section becomes what."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from recognizers.build import build_recognizer
from recognizers.card import Abstain, checkpoint_path, read_card
from recognizers.clip import Region
from recognizers.errors import CheckpointMismatch
from recognizers.huggingface import KIND
from recognizers.recognizer import Recognizer
from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.segmenter import EventRule
from streamer.settings import Mqtt, Rule, Settings, Source, Stream, WatchSection
from streamer.sinks.base import StatusSink
from streamer.sinks.jsonl import JsonLinesSink
from streamer.sinks.mqtt import MqttOptions, MqttSink
from streamer.sources.address import Address
from streamer.sources.base import Demand, Need
from streamer.sources.libav import LibavSource
from streamer.sources.reconnect import RetryPolicy
from streamer.stages import Watch
from streamer.worker import Plan, StreamPlan

_OPTIONS = {
    "hop_s", "threads", "mode", "state", "average_clips", "actor_model", "pose_model",
    "background", "interval_s", "fetch",
}  # fmt: skip
"""Of a recognizer's section, what it is built with as it stands."""
SLOT = "0"
"""The outbox folder of the only worker."""


def build_plan(settings: Settings, clock: Clock, metrics: Metrics) -> Plan:
    """All parts of a worker, not yet running.

    Raises:
        ConfigError: every recognizer that cannot be loaded; a password or CA file that cannot be used.
    """
    recognizers, thresholds = build_recognizers(settings), card_thresholds(settings)
    streams = []
    for stream in settings.streams:
        watches = build_watches(stream, recognizers, thresholds)
        address = address_of(stream.source)
        source = LibavSource(stream.id, address, demand_of(watches), clock, metrics)
        streams.append(StreamPlan(stream.id, source, watches, address.loss_free))
    return Plan(
        streams=tuple(streams),
        recognizers=recognizers,
        sink=build_sink(settings.mqtt, clock, metrics),
        outbox_folder=settings.data_dir / "outbox" / SLOT,
        outbox_bytes=settings.outbox.budget_mib << 20,
        batch=settings.engine.batch,
        deadline_s=settings.engine.deadline_s,
        grace_s=settings.shutdown.grace_s,
        retry=RetryPolicy(),
    )


def build_recognizers(settings: Settings, runtime: str | None = None) -> dict[str, Recognizer]:
    """Each recognizer once, by name; only those that a watch uses. `runtime`: instead of the configured ones."""
    used = {watch.recognizer for stream in settings.streams for watch in stream.watches}
    built, problems = {}, []
    for name, section in settings.recognizers.items():
        if name not in used:
            continue
        try:
            options = section.model_dump(include=_OPTIONS)
            if section.abstain_below is not None:
                options["abstain"] = Abstain(section.abstain_by or "max_logit", section.abstain_below)
            options["runtime"] = runtime or section.runtime
            built[name] = build_recognizer(section.kind, section.checkpoint, options)
        except CheckpointMismatch as error:
            problems.append(f"recognizers.{name}: {error}")
    if problems:
        raise ConfigError(problems)
    return built


def card_thresholds(settings: Settings) -> dict[str, Mapping[str, float]]:
    """Scores at which actions begin, as the checkpoints say; by recognizer, of those whose checkpoint says any.

    Raises:
        CheckpointMismatch: a file cannot be read.
    """
    cards = {
        name: read_card(checkpoint_path(section.checkpoint))
        for name, section in settings.recognizers.items()
        if section.kind != KIND and any(watch.recognizer == name for one in settings.streams for watch in one.watches)
    }
    return {name: card.thresholds for name, card in cards.items() if card.thresholds}


def build_watches(
    stream: Stream,
    recognizers: Mapping[str, Recognizer],
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[Watch, ...]:
    """`thresholds`: see `card_thresholds`; `None`: no checkpoint says any."""
    chosen = thresholds or {}
    return tuple(
        _watch(section, recognizers[section.recognizer], chosen.get(section.recognizer, {}))
        for section in stream.watches
    )


def _watch(section: WatchSection, recognizer: Recognizer, thresholds: Mapping[str, float]) -> Watch:
    rules = {"default": Rule(), **section.events}
    own = {action: event_rule(rules.get(action, rules["default"]), on) for action, on in thresholds.items()}
    return Watch(
        id=section.id,
        recognizer=section.recognizer,
        spec=recognizer.spec,
        labels=recognizer.labels,
        background=recognizer.background,
        region=Region(*section.region),
        min_coverage=section.min_coverage,
        rules={action: event_rule(rule) for action, rule in rules.items()} | own,
    )


def event_rule(rule: Rule, threshold: float | None = None) -> EventRule:
    """A section as the segmenter takes it; `threshold`: of the checkpoint, where the section does not say `on`."""
    said = rule.model_dump()
    on = next(one for one in (rule.on, threshold, EventRule().on) if one is not None)
    return EventRule(**{**said, "on": on, "off": min(rule.off, on)})


def demand_of(watches: tuple[Watch, ...]) -> Demand:
    return Demand(tuple(Need(watch.spec, watch.region) for watch in watches))


def address_of(source: Source) -> Address:
    """A source's section as the av door takes it."""
    fields = source.model_dump(exclude={"kind", "path"}, exclude_none=True)
    url = str(source.path) if source.kind == "file" else fields.pop("url").get_secret_value()
    return Address(url, **fields)


def recording(path: Path, start_at: float) -> Address:
    """A file for replay: loss-free, its wall time counted from `start_at`."""
    return replace(Address(str(path)), pace="fast", start_at=start_at)


def build_sink(mqtt: Mqtt | None, clock: Clock, metrics: Metrics) -> AbstractAsyncContextManager[StatusSink]:
    """The broker; where none is configured, lines of JSON on standard output."""
    return nullcontext(JsonLinesSink(sys.stdout)) if mqtt is None else MqttSink(mqtt_options(mqtt), clock, metrics)


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
        prefix=mqtt.prefix,
        tls=tls,
        ca_file=None if mqtt.ca_file is None else str(mqtt.ca_file),
        username=mqtt.username,
        password=password,
    )
