"""From the section of traces to what makes them."""

from __future__ import annotations

import socket
from importlib.metadata import version

from streamer.clock import Clock
from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.outbox import MAIN
from streamer.settings import Settings
from streamer.tracing import NO_TRACING, EventTraces, Tracing


def build_tracing(settings: Settings, clock: Clock, metrics: Metrics) -> Tracing:
    """Raises ConfigError: the library is not installed, or the file of headers cannot be used."""
    section = settings.tracing
    if section.otlp is None:
        return NO_TRACING
    try:
        from streamer.tracing.otlp import OtlpExport, OtlpOptions  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigError(
            ["tracing.otlp: needs opentelemetry, which is not installed; pip install 'taktstream[tracing]'"]
        ) from None
    try:
        headers = section.headers()
    except (OSError, UnicodeDecodeError):
        words = "tracing.headers_file: cannot be read; give a text file that this user may read"
        raise ConfigError([words]) from None
    except ValueError as error:
        raise ConfigError([f"tracing.headers_file: {error}"]) from None
    options = OtlpOptions(
        section.otlp, section.service_name, version("taktstream"), socket.gethostname(), headers=headers
    )
    systems: dict[str, str] = {sink.id: sink.kind for sink in settings.sinks}
    systems[MAIN] = "stdout" if settings.mqtt is None else "mqtt"
    return EventTraces(OtlpExport(options, metrics.delivery), section.sample, systems, clock)
