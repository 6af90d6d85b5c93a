"""What came to a stand-in for a collector of OpenTelemetry, read as the protocol says."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from streamer.testing.http_stub import HttpStub

PRODUCER, FAILED = 4, 2
"""Of `Span.SpanKind` and `Status.StatusCode`."""


@dataclass(frozen=True, slots=True)
class Collected:
    """One span; ids in hexadecimal, times in Unix nanoseconds."""

    name: str
    trace: str
    id: str
    parent: str
    start_ns: int
    end_ns: int
    kind: int
    status: int
    attributes: dict[str, Any]
    links: tuple[str, ...]
    resource: dict[str, Any]


def collected(stub: HttpStub) -> list[Collected]:
    """All spans, in the order in which they came."""
    return [span for one in stub.posted for span in _spans(gzip.decompress(one.body))]


def _spans(body: bytes) -> Iterable[Collected]:
    request = ExportTraceServiceRequest.FromString(body)
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Collected(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    span.kind,
                    span.status.code,
                    _attributes(span.attributes),
                    tuple(link.span_id.hex() for link in span.links),
                    _attributes(resource.resource.attributes),
                )


def _attributes(pairs: Iterable[Any]) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in pairs}
