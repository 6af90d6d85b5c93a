"""What Prometheus sees of those who answer to what is shown: acknowledgements and commands."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class BoardMetrics:
    """Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._acknowledged = Counter(
            "takt_andon_acknowledgements", "Of lamps: taken or refused.", ["outcome"], registry=registry
        )
        for outcome in ("taken", "refused"):
            self._acknowledged.labels(outcome)
        self._commands = Counter("takt_commands", "Over the broker.", ["command", "outcome"], registry=registry)

    def acknowledged(self, outcome: str) -> None:
        self._acknowledged.labels(outcome).inc()

    def commanded(self, name: str, outcome: str) -> None:
        self._commands.labels(name, outcome).inc()
