"""What Prometheus sees of evidence. No label name leaves this file."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_KINDS = ("clip", "snapshot")
_REASONS = ("busy", "gone", "unwritable", "failed", "shutdown")


class EvidenceMetrics:
    """See `streamer.evidence.keeper.Observer`. Any thread may call."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stored = Counter("takt_evidence_stored", "Files kept.", ["kind"], registry=registry)
        self._dropped = Counter(
            "takt_evidence_dropped", "Files that were asked for and not kept.", ["kind", "reason"], registry=registry
        )
        self._removed = Counter("takt_evidence_removed", "Files kept no longer.", ["reason"], registry=registry)
        self._bytes = Gauge("takt_evidence_bytes", "Size of all files.", registry=registry)
        self._took = Histogram(
            "takt_evidence_seconds", "From a file's last picture to the file.", ["kind"], buckets=_BUCKETS,
            registry=registry,
        )  # fmt: skip
        for kind in _KINDS:
            self._stored.labels(kind)
            self._took.labels(kind)
            for reason in _REASONS:
                self._dropped.labels(kind, reason)
        for reason in ("age", "budget"):
            self._removed.labels(reason)

    def evidence_stored(self, kind: str, took_s: float) -> None:
        self._stored.labels(kind).inc()
        self._took.labels(kind).observe(took_s)

    def evidence_dropped(self, kind: str, reason: str) -> None:
        self._dropped.labels(kind, reason).inc()

    def evidence_removed(self, reason: str, files: int) -> None:
        self._removed.labels(reason).inc(files)

    def evidence_bytes(self, used: int) -> None:
        self._bytes.set(used)
