"""From settings to where events wait, and to the sinks besides the broker."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from streamer.clock import Clock
from streamer.outbox import Recipient
from streamer.plan import OutboxPlan
from streamer.settings import JsonlSink, Settings, SinkSection
from streamer.sinks.base import Sink
from streamer.sinks.jsonl_file import JsonLinesFile, Rotation
from streamer.sinks.webhook import WebhookOptions, WebhookSink
from streamer.wire import Message


def outbox_plan(settings: Settings, clock: Clock) -> OutboxPlan:
    """Raises ConfigError where a CA file cannot be used."""
    section = settings.outbox
    return OutboxPlan(
        folder=settings.outbox_folder,
        budget_bytes=section.budget_mib << 20,
        keep_s=section.keep_h * 3600,
        replay_s=section.replay_s,
        others=tuple((recipient(sink), further_sink(sink, clock)) for sink in settings.sinks),
    )


def recipient(sink: SinkSection) -> Recipient:
    """Who gets what."""
    streams, classes = sink.streams, sink.classes

    def wants(message: Message) -> bool:
        return (streams is None or message.stream in streams) and (classes is None or message.cls in classes)

    return Recipient(sink.id, wants)


def further_sink(sink: SinkSection, clock: Clock) -> AbstractAsyncContextManager[Sink]:
    """A sink besides the broker. Raises ConfigError where its CA file cannot be used."""
    if isinstance(sink, JsonlSink):
        return JsonLinesFile(sink.file, Rotation(sink.rotate_mib << 20, sink.files))
    options = WebhookOptions(
        url=sink.url.get_secret_value(),
        token_file=sink.token_file,
        secret_file=sink.secret_file,
        batch=sink.batch,
        timeout_s=sink.timeout_s,
        ca_file=None if sink.ca_file is None else str(sink.ca_file),
    )
    return WebhookSink(options, clock)
