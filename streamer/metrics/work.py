"""What Prometheus sees of procedures: verdicts on steps, units, and how long these took."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from streamer.event import CycleEvent, CyclePhase, StepEvent, Verdict

_BUCKETS = (2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600)
_BLIND = ("frozen", "dark", "blocked")


class WorkMetrics:
    """Any thread may call any method."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._blind = Gauge(
            "takt_stream_blind", "1 while pictures come and show nothing.", ["stream", "reason"], registry=registry
        )
        of_watch = ["stream", "watch"]
        self._steps = Counter(
            "takt_steps", "Verdicts on steps; what is revised counts again.", [*of_watch, "verdict"], registry=registry
        )
        self._cycles = Counter("takt_cycles", "Units of work.", [*of_watch, "phase"], registry=registry)
        self._took = Histogram(
            "takt_cycle_seconds", "What completed units took.", ["procedure"], buckets=_BUCKETS, registry=registry
        )
        self._named = Counter(
            "takt_unit_names", "Names of units that came over the broker.", [*of_watch, "result"], registry=registry
        )
        self._deviation = Gauge(
            "takt_cycle_deviation_seconds",
            "What the last completed unit took, less its takt.",
            of_watch,
            registry=registry,
        )

    def unit_named(self, stream: str, watch: str, result: str) -> None:
        self._named.labels(stream, watch, result).inc()

    def sight(self, stream: str, blind: str) -> None:
        for reason in _BLIND:
            self._blind.labels(stream, reason).set(reason == blind)

    def added(self, stream: str, watch: str) -> None:
        for verdict in Verdict:
            self._steps.labels(stream, watch, str(verdict))
        for phase in CyclePhase:
            self._cycles.labels(stream, watch, str(phase))

    def told(self, event: StepEvent | CycleEvent) -> None:
        if isinstance(event, StepEvent):
            self._steps.labels(event.stream, event.watch, str(event.verdict)).inc()
            return
        self._cycles.labels(event.stream, event.watch, str(event.phase)).inc()
        if event.phase is CyclePhase.COMPLETED and event.took_s is not None:
            self._took.labels(event.procedure).observe(event.took_s)
            if event.deviation_s is not None:
                self._deviation.labels(event.stream, event.watch).set(event.deviation_s)
