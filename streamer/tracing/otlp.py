"""The door to OpenTelemetry: finished spans to a collector, by OTLP over HTTP, in the library's own thread."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from streamer.tracing.spans import Span

_log = logging.getLogger(__name__)

QUEUE = 4096
"""Spans that may wait for the collector."""
BATCH = 512
EVERY_S = 1.0
TIMEOUT_S = 5.0
"""For one request with all that is tried again of it."""
CLOSE_S = 3.0
"""At the end, for what still waits."""
_FLAGS = TraceFlags(TraceFlags.SAMPLED)
_CAUSES = (re.compile(r"\[Errno -?\d+\] ([^'\"\])]+)"), re.compile(r"code: (\d{3}, reason: .{1,60})"))


class OtlpObserver(Protocol):
    def trace_spans(self, result: str, count: int) -> None:
        """Spans were `exported`, have `failed` at the collector, or were `dropped` for want of room; any thread."""
        ...


@dataclass(frozen=True, slots=True)
class OtlpOptions:
    """Which collector, and as whom."""

    url: str
    """Holds no secret."""
    service: str
    version: str
    host: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What the collector asks for; secret."""


class OtlpExport:
    """Hands spans to the library's batch thread. A collector that is away costs them, and nothing else."""

    def __init__(self, options: OtlpOptions, observer: OtlpObserver) -> None:
        self._observer = observer
        self._ids = _Given()
        exporter = OTLPSpanExporter(
            endpoint=options.url,
            headers=dict(options.headers),
            timeout=TIMEOUT_S,
            compression=Compression.Gzip,
        )
        self._exporter = _Told(exporter, options.url, observer)
        self._provider = TracerProvider(
            sampler=ALWAYS_ON,
            resource=Resource(
                {"service.name": options.service, "service.version": options.version, "host.name": options.host}
            ),
            id_generator=self._ids,
            shutdown_on_exit=False,
        )
        # Twice the room: what is counted here is what waits and what is under way.
        batches = BatchSpanProcessor(self._exporter, 2 * QUEUE, EVERY_S * 1e3, BATCH)
        self._provider.add_span_processor(batches)
        self._tracer = self._provider.get_tracer("taktstream", options.version)
        self._handed = 0

    def __call__(self, spans: Sequence[Span]) -> None:
        """Take finished spans of one trace: all of them, or none where too many wait."""
        if self._handed - self._exporter.settled + len(spans) > QUEUE:
            return self._observer.trace_spans("dropped", len(spans))
        self._handed += len(spans)
        for span in spans:
            self._hand_on(span)

    def _hand_on(self, span: Span) -> None:
        self._ids.trace, self._ids.span = span.trace_id, span.span_id
        linked = [] if span.linked is None else [Link(_context(span.trace_id, span.linked))]
        one = self._tracer.start_span(
            span.name,
            context=_below(span),
            kind=SpanKind.PRODUCER if span.sends else SpanKind.INTERNAL,
            attributes=span.attributes,
            links=linked,
            start_time=span.start_ns,
        )
        if span.error:
            one.set_status(StatusCode.ERROR, span.error)
        one.end(span.end_ns)

    async def aclose(self) -> None:
        """What waits is sent within `CLOSE_S`, by a thread that holds nothing up."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def close() -> None:
            self._provider.shutdown()
            with contextlib.suppress(RuntimeError):  # the loop did not wait for so long
                loop.call_soon_threadsafe(ended.set)

        self._exporter.closing = True
        threading.Thread(target=close, name="traces-end", daemon=True).start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await ended.wait()


def _context(trace: int, span: int) -> SpanContext:
    return SpanContext(trace, span, is_remote=False, trace_flags=_FLAGS)


def _below(span: Span) -> Context:
    if span.parent_id is None:
        return Context()
    return set_span_in_context(NonRecordingSpan(_context(span.trace_id, span.parent_id)), Context())


class _Given(IdGenerator):
    """The ids are those of the event."""

    def __init__(self) -> None:
        self.trace = self.span = 1

    def generate_trace_id(self) -> int:
        return self.trace

    def generate_span_id(self) -> int:
        return self.span


class _Told(SpanExporter):
    """Counts what becomes of spans, and says once that the collector is away, and once that it is back. Its methods
    are called by the library's thread."""

    def __init__(self, exporter: SpanExporter, url: str, observer: OtlpObserver) -> None:
        self._exporter, self._url, self._observer = exporter, url, observer
        self._lost = 0
        """Spans since it went away."""
        self.settled = 0
        """Spans that are not waited for any more."""
        self.closing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        away = self._lost > 0
        _LAST.text = ""
        # At the end nobody waits for a collector that was away before.
        result = SpanExportResult.FAILURE if away and self.closing else self._exporter.export(spans)
        failed = result is not SpanExportResult.SUCCESS
        self.settled += len(spans)
        self._observer.trace_spans("failed" if failed else "exported", len(spans))
        if failed and not away:
            words = "traces cannot be sent to %s (%s); they are lost until they can be, events are not concerned"
            _log.warning(words, self._url, _cause(_LAST.text))
        elif away and not failed:
            _log.info("traces are sent to %s again; %d spans were lost meanwhile", self._url, self._lost)
        self._lost = self._lost + len(spans) if failed else 0
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


class _Last(logging.Handler):
    """What the library said first of a request, instead of a flood of lines for each."""

    text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text = self.text or record.getMessage()


def _cause(said: str) -> str:
    found = next((match for pattern in _CAUSES if (match := pattern.search(said))), None)
    return "no answer" if found is None else found[1].strip()


_LAST = _Last(logging.WARNING)
_library = logging.getLogger("opentelemetry")
_library.propagate = False
_library.addHandler(_LAST)
