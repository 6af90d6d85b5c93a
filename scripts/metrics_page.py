#!/usr/bin/env python3
"""Write docs/metrics.md: every series at /metrics, of what the service registers, and when to look at it.

usage: scripts/metrics_page.py    (a test says when it has to be run)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # the metrics of this checkout, wherever the package is installed from
from streamer.metrics import FleetMetrics, Metrics  # noqa: E402

OUT = ROOT / "docs" / "metrics.md"
HEADER = """\
# Metrics

You want to know what a series means, or which one to look at. `scripts/metrics_page.py` writes this page from what
the service
registers, and a test compares them. Which questions they answer together:
[Operate](operate.md#metrics-that-answer-most-questions);
ready-made alerts: [Alerts](runbooks).

* **A contract**: names, types and labels stay within a major version; series and labels may be added. Text after a
  name in
  `/metrics` may change.
* Base units: seconds, bytes, shares from 0 to 1. Counters end in `_total` and only grow while their process lives;
  a histogram has
  `_bucket`, `_count` and `_sum`.
* Labels are bounded by the configuration: `stream`, `watch` and `recognizer` are ids of yours; all others have a
  few fixed values. No
  address, file or person is in one (a `checkpoint` is named as in the configuration). Series go with their stream.
* Histograms are of a whole process, never of a stream.
* **With several workers** every series has the label `worker` besides: `0`, `1`, …, or `supervisor`. Nothing is
  summed for you: say
  `sum by (instance, stream) (…)`, as the rules and dashboards here do. Disks, clock and broker are told by each
  worker; take `max` or `min`.
"""
WHEN = {
    "Cameras": {
        "takt_stream_state": "Is the camera there? `state`: connecting, live, backoff, rejected, ended, stopped.",
        "takt_stream_last_frame_timestamp_seconds": "How old is what we see? Compare with `time()`.",
        "takt_source_disconnects": "Does it come and go, and why? `reason` as in the log: "
        "auth, eof, refused, stall, timeout, …",
        "takt_frames_decoded": "How many pictures come? Compare with what the camera promises.",
        "takt_frames_processed": "How many of them reach recognition?",
        "takt_frames_dropped": "`late`: we have no time. `undecodable`, `out_of_order`: the network or the camera.",
        "takt_stream_blind": "It delivers, and shows nothing: `reason` frozen, dark or blocked.",
        "takt_stream_clock": "Whose time do events carry? `clock`: rtcp (the camera's) or arrival (ours).",
        "takt_decode_cpu_seconds": "What does decoding cost? `step`: decode or scale.",
        "takt_decode_threads_stuck": "Does a camera hang the library? Above 0 for long: restart when there is time.",
        "takt_actors": "How many people are told apart now?",
        "takt_webrtc_packets_lost": "Why is a publisher's picture broken?",
        "takt_webrtc_pictures_unread": "Have we no time for a publisher's pictures?",
        "takt_webrtc_keyframe_requests": "How often did a picture have to begin anew?",
        "takt_whip_offers": "Who was let in, and who not? `outcome`: accepted, denied, occupied, unfit, limited.",
        "takt_whip_sessions": "How many publish now?",
    },
    "Recognition": {
        "takt_clips_cut": "How many clips were there to look at?",
        "takt_clips_recognized": "How many were looked at?",
        "takt_clips_shed": "Why not all? `newer`, `overload`, `paused`: no time. `degraded`: decided so, for want of "
        "room. `coverage`, `epoch`: the camera. `promoted`: a network changed.",
        "takt_clip_coverage_ratio": "Does the camera leave pictures out? Below `min_coverage` clips are not looked at.",
        "takt_frame_age_seconds": "How late are answers?",
        "takt_decision_latency_seconds": "How late is a start known, after it really was?",
        "takt_stage_duration_seconds": "Where does time go? `stage`: queue, infer, store, publish.",
        "takt_inference": "Does the network fail? `result` other than ok.",
        "takt_inference_batch_size": "Are clips gathered well?",
        "takt_inference_queue_depth": "Do clips wait?",
        "takt_scores_not_finite": "Does a checkpoint or its runtime overflow?",
        "takt_event_loop_lag_seconds": "Is the CPU overcommitted, or does something block?",
    },
    "Events and procedures": {
        "takt_events": "How much happens? `phase`: started or ended.",
        "takt_glass_to_event_seconds": "How late are events at the broker, from the picture that decided them?",
        "takt_steps": "Is the work done as it should be? `verdict` as in [procedures](procedures.md).",
        "takt_cycles": "How many units? `phase`: as in their events.",
        "takt_cycle_seconds": "How long does a unit take?",
        "takt_cycle_deviation_seconds": "Was the last unit slower than its takt?",
        "takt_unit_names": "Do names of units arrive? `result`.",
        "takt_andon_acknowledgements": "Are lamps acknowledged? `outcome`: taken or refused.",
        "takt_commands": "Which commands came over the broker, and were they taken?",
    },
    "Delivery": {
        "takt_mqtt_connected": "Is the broker there? Only where the configuration names one.",
        "takt_mqtt_reconnects": "Does it come and go? `reason`.",
        "takt_mqtt_messages_heard": "Do messages to us get through? `outcome`.",
        "takt_mqtt_subscriptions_refused": "May we listen? Look at the broker's access list.",
        "takt_events_accepted": "How many messages are durable on disk?",
        "takt_events_published": "How many does the broker have?",
        "takt_outbox_events": "How many wait?",
        "takt_outbox_oldest_age_seconds": "Since when?",
        "takt_outbox_bytes": "How full is it? Compare with the capacity.",
        "takt_outbox_capacity_bytes": "What `outbox.budget_mib` allows.",
        "takt_outbox_commit_seconds": "Is the disk slow?",
        "takt_outbox_dropped": "Was anything given up for want of room? `class`: action, step, gap.",
        "takt_events_lost": "Was anything lost because the disk took nothing?",
        "takt_events_dead_lettered": "Was anything refused for good? `reason`; see `takt outbox dead`.",
        "takt_outbox_waiting": "Which sink is behind?",
        "takt_sink_delivered": "Does a sink take anything?",
        "takt_events_replayed": "Was anything sent again on purpose?",
        "takt_outbox_quarantined": "Was a damaged file set aside?",
        "takt_sparkplug_born": "Do Sparkplug hosts see us? Only where there is an edge node.",
        "takt_sparkplug_reconnects": "Does its connection come and go?",
        "takt_trace_spans": "Do traces arrive? `result`: exported, failed, dropped.",
    },
    "Networks over time": {
        "takt_recognizer_info": "Which network runs? `role`: live or shadow.",
        "takt_promotions": "Was it changed?",
        "takt_drift": "Is what it sees still what it was taught? Compare with the limit.",
        "takt_drift_limit": "What its card calls usual.",
        "takt_drifted": "1 above the limit: verdicts may be worse than its figures say.",
        "takt_shadow_clips": "Does a candidate agree with the live network?",
        "takt_shadow_disagreements": "Where do they differ?",
        "takt_shadow_events": "Would its events have been others?",
        "takt_shadow_clips_shed": "Was it asked often enough to judge?",
        "takt_shadow_inference": "Does it fail?",
        "takt_shadow_inference_seconds": "Is it slower?",
        "takt_shadow_frame_age_seconds": "Would its answers come in time?",
        "takt_hard_examples": "Are clips worth a label kept?",
    },
    "Pictures for people": {
        "takt_evidence_stored": "Are pictures of events kept? `kind`: clip or snapshot.",
        "takt_evidence_dropped": "Why is one missing? `reason`: busy, gone, unwritable, failed, shutdown.",
        "takt_evidence_removed": "Do they go for their age, or for want of room?",
        "takt_evidence_bytes": "How much room do they take?",
        "takt_evidence_seconds": "How long until a file is there?",
        "takt_live_viewers": "How many look?",
        "takt_live_pictures": "Do they get their pictures? `outcome`.",
        "takt_live_cpu_seconds": "What do they cost?",
    },
    "The machine": {
        "takt_build_info": "Which versions run?",
        "takt_disk_free_bytes": "Is there room for an outage of the broker?",
        "takt_disk_size_bytes": "Of how much?",
        "takt_clock_steps": "Was the clock set?",
    },
    "Several workers": {
        "takt_worker_restarts": "Does a worker end again and again? `reason`: crash; begin, loop, engine: it hung.",
        "takt_worker_last_progress_timestamp_seconds": "Is a worker away? Compare with `time()`.",
        "takt_worker_load": "How much of a worker is used? It is relieved above 0.9.",
        "takt_worker_streams": "Who watches how many?",
        "takt_streams_waiting": "Is a camera watched by nobody, for want of room?",
        "takt_streams_set_aside": "Is a camera watched by nobody, since workers crashed under it?",
        "takt_stream_degraded": "Is a camera looked at less often, for want of time?",
    },
}
ALSO = """\
## Of the process

`process_cpu_seconds_total`, `process_resident_memory_bytes`, `process_virtual_memory_bytes`, `process_open_fds`,
`process_max_fds`,
`process_start_time_seconds` and `python_gc_…` are as every Python service has them.
"""


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str


def registered() -> dict[str, Series]:
    """By the name that it was given."""
    ours, fleet = CollectorRegistry(), FleetMetrics()
    metrics = Metrics(ours)
    metrics.mqtt_connected(False)
    metrics.sparkplug.sparkplug_born(False)
    metrics.sparkplug.sparkplug_reconnect("lost")
    found = {}
    for one in [*ours._collector_to_names, *fleet._registry._collector_to_names]:
        if isinstance(one, Counter | Gauge | Histogram):
            kind = type(one).__name__.lower()
            name = one._name + ("_total" if kind == "counter" else "")
            found[one._name] = Series(name, kind, tuple(one._labelnames), one._documentation)
    return found


def _rows(group: dict[str, str], known: dict[str, Series]) -> Iterator[str]:
    yield "| series | type | labels | what it is | when to look |"
    yield "|---|---|---|---|---|"
    for name, when in group.items():
        one = known[name]
        labels = ", ".join(f"`{label}`" for label in one.labels) or "–"
        yield f"| `{one.name}` | {one.kind} | {labels} | {one.meaning} | {when} |"


def whole() -> str:
    """The text of the file."""
    known = registered()
    said = {name for group in WHEN.values() for name in group}
    if said != set(known):
        raise ValueError(f"say in scripts/metrics_page.py when to look at: {sorted(said ^ set(known))}")
    parts = [HEADER]
    for title, group in WHEN.items():
        parts += [f"## {title}", "", *_rows(group, known), ""]
    return "\n".join([*parts, ALSO])


if __name__ == "__main__":
    OUT.write_text(whole(), encoding="utf-8")
