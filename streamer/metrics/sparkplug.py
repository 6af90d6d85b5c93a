"""What Prometheus sees of the edge node."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class SparkplugMetrics:
    """Nothing is shown before there is one. Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry, self._shown = registry, False
        self._born = Gauge("takt_sparkplug_born", "1 while births hold at the broker.", registry=None)
        self._reconnects = Counter(
            "takt_sparkplug_reconnects", "Connections of the edge node lost.", ["reason"], registry=None
        )

    def sparkplug_born(self, born: bool) -> None:
        self._show()
        self._born.set(born)

    def sparkplug_reconnect(self, reason: str) -> None:
        self._show()
        self._reconnects.labels(reason).inc()

    def _show(self) -> None:
        if not self._shown:
            self._shown = True
            self._registry.register(self._born)
            self._registry.register(self._reconnects)
