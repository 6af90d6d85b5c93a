"""What Prometheus sees of the outbox and of what leaves it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streamer.wire import Message


class DeliverySeries:
    """Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry, glass: Histogram, stage: Histogram, commit: Histogram) -> None:
        """`glass` is from capture to the sink's receipt, `stage` of all stages by name."""
        self._accepted = Counter("takt_events_accepted", "Messages made durable.", registry=registry)
        self._published = Counter("takt_events_published", "Messages the sink has taken.", registry=registry)
        self._dead = Counter("takt_events_dead_lettered", "Messages refused for good.", ["reason"], registry=registry)
        self._depth = Gauge("takt_outbox_events", "Messages that wait.", registry=registry)
        self._oldest = Gauge("takt_outbox_oldest_age_seconds", "Age of the oldest that waits.", registry=registry)
        self._bytes = Gauge("takt_outbox_bytes", "Bytes in use.", registry=registry)
        self._dropped = Counter("takt_outbox_dropped", "Messages dropped for room.", ["class"], registry=registry)
        self._waiting = Gauge(
            "takt_outbox_waiting", "Messages that wait for a sink; main is the broker.", ["sink"], registry=registry
        )
        self._of_sink = Counter("takt_sink_delivered", "Messages another sink has taken.", ["sink"], registry=registry)
        self._replayed = Counter("takt_events_replayed", "Messages sent again on purpose.", registry=registry)
        self._spans = Counter(
            "takt_trace_spans", "Spans of traces: exported, failed, or dropped for room.", ["result"], registry=registry
        )
        for result in ("exported", "failed", "dropped"):
            self._spans.labels(result)
        for reason in ("not_authorized", "packet_too_large", "payload_invalid", "topic_invalid"):
            self._dead.labels(reason)
        self._dropped.labels("action")
        self._glass, self._stage, self._commit = glass, stage, commit
        self.waiting = 0
        """Messages that wait for anybody, as of late."""

    def outbox_accepted(self, count: int) -> None:
        self._accepted.inc(count)

    def outbox_state(self, depth: int, oldest_age_s: float, used_bytes: int) -> None:
        self._depth.set(depth)
        self.waiting = depth
        self._oldest.set(oldest_age_s)
        self._bytes.set(used_bytes)

    def outbox_waiting(self, recipient: str, depth: int) -> None:
        self._waiting.labels(recipient).set(depth)

    def outbox_dropped(self, cls: str, count: int) -> None:
        self._dropped.labels(cls).inc(count)

    def fsync_seconds(self, seconds: float) -> None:
        self._commit.observe(seconds)

    def delivered(self, message: Message, latency_s: float) -> None:
        self._published.inc()
        self._glass.observe(latency_s)

    def published(self, took_s: float) -> None:
        self._stage.labels("publish").observe(took_s)

    def sink_delivered(self, sink: str) -> None:
        self._of_sink.labels(sink).inc()

    def replayed(self, count: int) -> None:
        self._replayed.inc(count)

    def trace_spans(self, result: str, count: int) -> None:
        self._spans.labels(result).inc(count)

    def dead_lettered(self, reason: str) -> None:
        self._dead.labels(reason).inc()
