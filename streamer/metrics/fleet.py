"""What Prometheus sees of workers and of who is placed where; the supervisor's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from streamer.metrics.evidence import EvidenceMetrics
from streamer.metrics.machine import MachineMetrics


class FleetMetrics:
    """Series of the supervisor, in a registry of its own: those of workers are theirs."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        MachineMetrics(registry)
        self.evidence = EvidenceMetrics(registry)
        self._restarts = Counter(
            "takt_worker_restarts", "Processes of a worker that ended, by why.", ["slot", "reason"], registry=registry
        )
        self._progress = Gauge(
            "takt_worker_last_progress_timestamp_seconds", "When it was heard of last.", ["slot"], registry=registry
        )
        self._load = Gauge("takt_worker_load", "Share of its capacity that is asked.", ["slot"], registry=registry)
        self._streams = Gauge("takt_worker_streams", "Streams that it watches.", ["slot"], registry=registry)
        self._waiting = Gauge("takt_streams_waiting", "Streams that no worker has room for.", registry=registry)
        self._aside = Gauge(
            "takt_streams_set_aside", "Streams that ended one worker after the other.", registry=registry
        )
        self._degraded = Gauge(
            "takt_stream_degraded", "Levels by which it is degraded: of level + 1 clips one is looked at.", ["stream"],
            registry=registry,
        )  # fmt: skip

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)

    def worker_added(self, slot: str) -> None:
        """Its series begin at 0."""
        for reason in ("crash", "begin", "loop", "engine"):
            self._restarts.labels(slot, reason)

    def worker_removed(self, slot: str) -> None:
        """Its machine is no more. What was counted of it stays."""
        with suppress(KeyError):  # it was never heard of
            self._progress.remove(slot)

    def restarted(self, slot: str, reason: str) -> None:
        self._restarts.labels(slot, reason).inc()

    def progressed(self, slot: str, at: float) -> None:
        self._progress.labels(slot).set(at)

    def set_aside(self, streams: Collection[str]) -> None:
        """Streams that nobody watches since they ended their workers."""
        self._aside.set(len(streams))

    def placed(
        self, shares: Mapping[str, float], levels: Mapping[str, tuple[str, int]], waiting: Collection[str]
    ) -> None:
        """Of each slot its share, of each stream its slot and level, and the streams that have none."""
        self._load.clear()
        self._streams.clear()
        self._degraded.clear()
        for slot, share in shares.items():
            self._load.labels(slot).set(share)
            self._streams.labels(slot).set(sum(slot == of for of, _ in levels.values()))
        for stream, (_, level) in levels.items():
            self._degraded.labels(stream).set(level)
        self._waiting.set(len(waiting))
