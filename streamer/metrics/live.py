"""What Prometheus sees of those who look at cameras."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class LiveMetrics:
    """See `streamer.live.coder.Observer`. Any thread may call."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._viewers = Gauge("takt_live_viewers", "Who looks at live pictures.", registry=registry)
        self._pictures = Counter("takt_live_pictures", "For those who look.", ["outcome"], registry=registry)
        self._cpu = Counter("takt_live_cpu_seconds", "CPU time of coding live pictures.", registry=registry)
        for outcome in ("coded", "skipped", "failed"):
            self._pictures.labels(outcome)

    def viewers(self, count: int) -> None:
        self._viewers.set(count)

    def picture_coded(self, outcome: str, cpu_s: float = 0.0) -> None:
        self._pictures.labels(outcome).inc()
        self._cpu.inc(cpu_s)
