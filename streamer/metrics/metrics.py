"""Everything Prometheus sees of us. The rest of the code says what happened; no label name leaves this file.

Names follow Prometheus' conventions: base units, `_total` on counters only, labels bounded by the configuration.
Histograms are never per stream: a thousand cameras must not cost a hundred thousand series.
"""

from __future__ import annotations

from collections import Counter as Counting
from collections.abc import Iterable

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from streamer.drift import Measure
from streamer.event import ActionEvent, Event
from streamer.metrics.board import BoardMetrics
from streamer.metrics.delivery import DeliverySeries
from streamer.metrics.evidence import EvidenceMetrics
from streamer.metrics.leaving import forget
from streamer.metrics.live import LiveMetrics
from streamer.metrics.machine import MachineMetrics
from streamer.metrics.peers import PeerMetrics
from streamer.metrics.sparkplug import SparkplugMetrics
from streamer.metrics.work import WorkMetrics

CONTENT_TYPE = prometheus_client.CONTENT_TYPE_LATEST

_STATES = ("connecting", "live", "backoff", "rejected", "ended", "stopped")
_STAGE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_AGE_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10)
_EVENT_BUCKETS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30, 60, 300)
_LAG_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Verbs for every stage. Any thread may call any of them."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """A registry of its own where none is given."""
        registry = CollectorRegistry() if registry is None else registry
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry
        self._clocks: dict[str, str] = {}
        self.pictures: Counting[str] = Counting()
        """How many were decoded, by stream."""
        self._running: list[tuple[str, str, str, str]] = []
        """Labels of the networks that run."""
        self._sources(registry)
        self._recognition(registry)
        self._delivery(registry)
        self._work = WorkMetrics(registry)
        self.board = BoardMetrics(registry)
        self._candidates(registry)
        self._sustaining(registry)
        self.evidence = EvidenceMetrics(registry)
        self.live = LiveMetrics(registry)
        self.machine = MachineMetrics(registry)
        self.peers = PeerMetrics(registry)
        self.sparkplug = SparkplugMetrics(registry)

    def _sources(self, registry: CollectorRegistry) -> None:
        self._decoded = Counter("takt_frames_decoded", "Frames decoded.", ["stream"], registry=registry)
        self._dropped = Counter("takt_frames_dropped", "Frames thrown away.", ["stream", "reason"], registry=registry)
        self._kept = Counter("takt_frames_processed", "Frames that reached the buffer.", ["stream"], registry=registry)
        self._decode_cpu = Counter(
            "takt_decode_cpu_seconds", "CPU time of decode threads.", ["step"], registry=registry
        )
        self._reconnects = Counter(
            "takt_source_disconnects", "Attempts that ended, by reason.", ["stream", "reason"], registry=registry
        )
        self._state = Gauge("takt_stream_state", "1 for the stream's state.", ["stream", "state"], registry=registry)
        self._clock = Gauge(
            "takt_stream_clock", "1 for where its wall time comes from.", ["stream", "clock"], registry=registry
        )
        self._last_frame = Gauge(
            "takt_stream_last_frame_timestamp_seconds",
            "Capture time of the newest frame.",
            ["stream"],
            registry=registry,
        )
        self._stuck = Gauge(
            "takt_decode_threads_stuck",
            "Threads of ended attempts still in the library.",
            ["stream"],
            registry=registry,
        )

    def _recognition(self, registry: CollectorRegistry) -> None:
        self._clips = Counter("takt_clips_cut", "Clips cut.", ["stream"], registry=registry)
        self._shed = Counter("takt_clips_shed", "Clips not looked at.", ["stream", "reason"], registry=registry)
        self._looked_at = Counter("takt_clips_recognized", "Clips answered.", ["stream"], registry=registry)
        self._not_finite = Counter(
            "takt_scores_not_finite", "Answers that were no numbers.", ["stream", "watch"], registry=registry
        )
        self._coverage = Gauge(
            "takt_clip_coverage_ratio",
            "Share of the newest clip's slots with a picture.",
            ["stream"],
            registry=registry,
        )
        self._queue = Gauge("takt_inference_queue_depth", "Clips that wait.", ["recognizer"], registry=registry)
        self._batch = Histogram(
            "takt_inference_batch_size", "Clips a batch.", ["recognizer"], buckets=_BATCH_BUCKETS, registry=registry
        )
        self._inferred = Counter("takt_inference", "Clips by outcome.", ["recognizer", "result"], registry=registry)
        self._stage = Histogram(
            "takt_stage_duration_seconds", "Time in a stage.", ["stage"], buckets=_STAGE_BUCKETS, registry=registry
        )
        for stage in ("queue", "infer", "store", "publish"):
            self._stage.labels(stage)
        self._age = Histogram(
            "takt_frame_age_seconds", "Age of a clip's newest picture when its answer is there.",
            buckets=_AGE_BUCKETS, registry=registry,
        )  # fmt: skip
        self._decision = Histogram(
            "takt_decision_latency_seconds", "From a back-dated start to its decision.",
            buckets=_EVENT_BUCKETS, registry=registry,
        )  # fmt: skip
        self._actors = Gauge(
            "takt_actors", "People seen now, where they are told apart.", ["stream", "watch"], registry=registry
        )
        self._lag = Histogram(
            "takt_event_loop_lag_seconds", "How late the loop comes.", buckets=_LAG_BUCKETS, registry=registry
        )

    def _delivery(self, registry: CollectorRegistry) -> None:
        self._events = Counter("takt_events", "Events decided.", ["stream", "phase"], registry=registry)
        self._lost = Counter("takt_events_lost", "Events dropped while the disk took none.", registry=registry)
        glass = Histogram(
            "takt_glass_to_event_seconds", "From capture of the deciding picture to the sink's receipt.",
            buckets=_EVENT_BUCKETS, registry=registry,
        )  # fmt: skip
        commit = Histogram(
            "takt_outbox_commit_seconds", "Time of a durable commit.", buckets=_STAGE_BUCKETS, registry=registry
        )
        self.delivery = DeliverySeries(registry, glass, self._stage, commit)
        self._broker(registry)

    def _broker(self, registry: CollectorRegistry) -> None:
        self._connected = Gauge("takt_mqtt_connected", "1 while the broker is connected.", registry=None)
        self._has_broker = False
        """Without one there is no such series: nothing is wrong then."""
        self.broker_connected = False
        self._mqtt_reconnects = Counter("takt_mqtt_reconnects", "Connections lost.", ["reason"], registry=registry)
        self._unheard = Counter(
            "takt_mqtt_subscriptions_refused", "Topics the broker does not let us listen to.", registry=registry
        )
        self._heard = Counter("takt_mqtt_messages_heard", "Messages from others.", ["outcome"], registry=registry)
        for outcome in ("taken", "failed", "unwanted", "too_large", "overrun"):
            self._heard.labels(outcome)

    def _candidates(self, registry: CollectorRegistry) -> None:
        labels = ["recognizer", "role", "checkpoint", "model"]
        self._runs = Gauge("takt_recognizer_info", "1 for the network that runs.", labels, registry=registry)
        self._promotions = Counter(
            "takt_promotions", "Changes of the live network, by result.", ["recognizer", "result"], registry=registry
        )
        self._compared = Counter(
            "takt_shadow_clips", "Clips that both answered: agreed or disagreed.", ["recognizer", "result"],
            registry=registry,
        )  # fmt: skip
        self._pairs = Counter(
            "takt_shadow_disagreements", "What each thought best of them.", ["recognizer", "live", "shadow"],
            registry=registry,
        )  # fmt: skip
        self._shadow_events = Counter(
            "takt_shadow_events", "Events of the live one, of the shadow, and of both (matched).",
            ["recognizer", "kind", "action", "phase"], registry=registry,
        )  # fmt: skip
        self._shadow_shed = Counter(
            "takt_shadow_clips_shed", "Clips that the shadow was not asked.", ["recognizer", "reason"],
            registry=registry,
        )  # fmt: skip
        self._shadow_inferred = Counter(
            "takt_shadow_inference", "Clips that the shadow was asked.", ["recognizer", "result"], registry=registry
        )
        self._shadow_took = Histogram(
            "takt_shadow_inference_seconds", "Time of its network.", ["recognizer"], buckets=_STAGE_BUCKETS,
            registry=registry,
        )  # fmt: skip
        self._shadow_age = Histogram(
            "takt_shadow_frame_age_seconds", "Age of a clip's newest picture when the shadow's answer is there.",
            ["recognizer"], buckets=_AGE_BUCKETS, registry=registry,
        )  # fmt: skip

    def _sustaining(self, registry: CollectorRegistry) -> None:
        labels = ["recognizer", "measure"]
        self._drift = Gauge("takt_drift", "How far live clips are from usual.", labels, registry=registry)
        self._drift_limit = Gauge("takt_drift_limit", "What the card allows.", labels, registry=registry)
        self._drifted = Gauge("takt_drifted", "1 while a measure is above its limit.", labels, registry=registry)
        self._hard = Counter(
            "takt_hard_examples", "Clips worth a label: kept, or why not.", ["recognizer", "result"], registry=registry
        )

    def exposition(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self._registry)

    def clock_of(self, stream: str) -> str:
        """Where the stream's wall time comes from now: `rtcp` or `arrival`."""
        return self._clocks.get(stream, "arrival")

    # Sources (streamer.sources.observer, reconnecting)

    def stream_added(self, stream: str, watches: Iterable[str]) -> None:
        """Series of a stream begin at 0, so that a rate sees the first increase."""
        for counter in (self._decoded, self._kept, self._clips, self._looked_at):
            counter.labels(stream)
        for reason in ("coverage", "newer", "epoch", "overload", "paused", "promoted", "degraded"):
            self._shed.labels(stream, reason)
        for phase in ("started", "ended"):
            self._events.labels(stream, phase)
        for reason in ("auth", "eof", "refused", "stall", "timeout"):
            self._reconnects.labels(stream, reason)
        self._dropped.labels(stream, "late")
        for watch in watches:
            self._not_finite.labels(stream, watch)
        self._work.sight(stream, "")
        self.stream_changed(stream, "connecting")

    def procedure_added(self, stream: str, watch: str) -> None:
        """Likewise of a watch that follows a procedure."""
        self._work.added(stream, watch)

    def stream_removed(self, stream: str) -> None:
        """Its series go. Called when nothing is told of it any more."""
        forget("stream", stream, [*vars(self).values(), *vars(self._work).values(), *vars(self.peers).values()])
        self._clocks.pop(stream, None)
        self.pictures.pop(stream, None)

    def recognizer_removed(self, recognizer: str) -> None:
        """Likewise of one that nobody uses any more."""
        forget("recognizer", recognizer, vars(self).values())

    def stream_changed(self, stream: str, state: str) -> None:
        for known in _STATES:
            self._state.labels(stream, known).set(known == state)

    def decoded(self, stream: str, frames: int, decode_cpu_s: float, scale_cpu_s: float) -> None:
        self._decoded.labels(stream).inc(frames)
        self.pictures[stream] += frames
        self._decode_cpu.labels("decode").inc(decode_cpu_s)
        self._decode_cpu.labels("scale").inc(scale_cpu_s)

    def dropped(self, stream: str, reason: str, frames: int) -> None:
        self._dropped.labels(stream, reason).inc(frames)

    def connected(self, stream: str, clock: str) -> None:
        self._clocks[stream] = clock
        for known in ("rtcp", "arrival"):
            self._clock.labels(stream, known).set(known == clock)

    def disconnected(self, stream: str, reason: str) -> None:
        self._reconnects.labels(stream, reason).inc()

    def thread_left(self, stream: str, threads: int) -> None:
        self._stuck.labels(stream).set(threads)

    def peer_lost(self, stream: str, packets: int, pictures: int, asked: int) -> None:
        self.peers.lost(stream, packets, pictures, asked)

    # Recognition (lane, worker)

    def unit_named(self, stream: str, watch: str, result: str) -> None:
        self._work.unit_named(stream, watch, result)

    def sight(self, stream: str, blind: str) -> None:
        self._work.sight(stream, blind)

    def frame(self, stream: str, captured_at: float) -> None:
        self._kept.labels(stream).inc()
        self._last_frame.labels(stream).set(captured_at)

    def clip_cut(self, stream: str, coverage: float) -> None:
        self._clips.labels(stream).inc()
        self._coverage.labels(stream).set(coverage)

    def clip_shed(self, stream: str, reason: str) -> None:
        self._shed.labels(stream, reason).inc()

    def looked_at(self, stream: str, age_s: float) -> None:
        self._looked_at.labels(stream).inc()
        self._age.observe(age_s)

    def scores_not_finite(self, stream: str, watch: str) -> None:
        self._not_finite.labels(stream, watch).inc()

    def inferred(self, recognizer: str, result: str, clips: int, took_s: float) -> None:
        self._inferred.labels(recognizer, result).inc(clips)
        self._batch.labels(recognizer).observe(clips)
        self._stage.labels("infer").observe(took_s)

    def queued(self, took_s: float) -> None:
        self._stage.labels("queue").observe(took_s)

    def queue_depth(self, recognizer: str, clips: int) -> None:
        self._queue.labels(recognizer).set(clips)

    def decided(self, latency_s: float) -> None:
        self._decision.observe(latency_s)

    def actors(self, stream: str, watch: str, count: int) -> None:
        self._actors.labels(stream, watch).set(count)

    def loop_lag(self, seconds: float) -> None:
        self._lag.observe(seconds)

    # Candidates (promoter, shadow)

    def runs(self, recognizer: str, role: str, checkpoint: str, model: str) -> None:
        for labels in [one for one in self._running if one[:2] == (recognizer, role)]:
            self._runs.remove(*labels)
            self._running.remove(labels)
        if model:
            self._running.append((recognizer, role, checkpoint, model))
            self._runs.labels(recognizer, role, checkpoint, model).set(1)
            self._begin_candidate(recognizer, role)

    def _begin_candidate(self, recognizer: str, role: str) -> None:
        if role == "live":
            for result in ("promoted", "undone", "failed"):
                self._promotions.labels(recognizer, result)
            for result in ("ok", "error"):
                self._inferred.labels(recognizer, result)
            return
        for result in ("agreed", "disagreed"):
            self._compared.labels(recognizer, result)
        for reason in ("newer", "overload", "paused", "epoch", "yielded"):
            self._shadow_shed.labels(recognizer, reason)
        for result in ("ok", "error"):
            self._shadow_inferred.labels(recognizer, result)

    def promotion(self, recognizer: str, result: str) -> None:
        self._promotions.labels(recognizer, result).inc()

    def compared(self, recognizer: str, live: str, shadow: str) -> None:
        self._compared.labels(recognizer, "agreed" if live == shadow else "disagreed").inc()
        if live != shadow:
            self._pairs.labels(recognizer, live, shadow).inc()

    def shadow_event(self, recognizer: str, kind: str, action: str, phase: str) -> None:
        self._shadow_events.labels(recognizer, kind, action, phase).inc()

    def shadow_shed(self, recognizer: str, reason: str) -> None:
        self._shadow_shed.labels(recognizer, reason).inc()

    def shadow_inferred(self, recognizer: str, result: str, took_s: float, age_s: float) -> None:
        self._shadow_inferred.labels(recognizer, result).inc()
        if result == "ok":
            self._shadow_took.labels(recognizer).observe(took_s)
            self._shadow_age.labels(recognizer).observe(age_s)

    # Sustaining (sustain, hard examples)

    def drift(self, recognizer: str, measure: Measure) -> None:
        self._drift.labels(recognizer, measure.name).set(measure.value)
        self._drift_limit.labels(recognizer, measure.name).set(measure.limit)
        self._drifted.labels(recognizer, measure.name).set(measure.drifted)

    def no_drift(self, recognizer: str) -> None:
        for gauge in (self._drift, self._drift_limit, self._drifted):
            gauge.remove_by_labels({"recognizer": recognizer})

    def hard_example(self, recognizer: str, result: str) -> None:
        self._hard.labels(recognizer, result).inc()

    # Events and delivery (emitter, outbox, delivery, MQTT)

    def emitted(self, event: Event) -> None:
        if isinstance(event, ActionEvent):
            self._events.labels(event.stream, str(event.phase)).inc()
        else:
            self._work.told(event)

    def events_lost(self, count: int) -> None:
        self._lost.inc(count)

    def stored(self, took_s: float) -> None:
        self._stage.labels("store").observe(took_s)

    def mqtt_connected(self, connected: bool) -> None:
        if not self._has_broker:
            self._has_broker = True
            self._registry.register(self._connected)
            for reason in ("auth", "no_ack", "refused", "timeout"):
                self._mqtt_reconnects.labels(reason)
        self._connected.set(connected)
        self.broker_connected = connected

    def mqtt_reconnect(self, reason: str) -> None:
        self._mqtt_reconnects.labels(reason).inc()

    def mqtt_subscription_refused(self) -> None:
        self._unheard.inc()

    def mqtt_heard(self, outcome: str) -> None:
        self._heard.labels(outcome).inc()
