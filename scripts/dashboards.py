#!/usr/bin/env python3
"""Write config/grafana/dashboards/*.json. A dashboard is a list of rows, a row a title and its panels.

usage: scripts/dashboards.py    (a test says when it has to be run)
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # also where a test runs it
from scripts.panels import (  # noqa: E402
    BAD,
    GOOD,
    WARN,
    Json,
    graph,
    panel,
    placed,
    quantiles,
    rate,
    said,
    share,
    stat,
    steps,
    variable,
)

FOLDER = ROOT / "config" / "grafana" / "dashboards"
ON = 'instance=~"$instance"'
STREAM = f'{ON}, stream=~"$stream"'
ITSELF = 'worker=~"(supervisor)?"'
"""Of the service: the supervisor, where there are several workers, whose series have that label."""
ANY = 'worker!=""'
NETWORK = f'{ON}, recognizer=~"$recognizer"'
AWAY = 'state=~"connecting|backoff|rejected"'
OURS = 'reason=~"newer|overload|paused"'
NO_IS_GOOD = said(("no", GOOD), ("YES", BAD))


def newest(labels: str) -> str:
    """When the newest picture of each camera was taken, whoever watches it."""
    return f"max by (instance, stream) (takt_stream_last_frame_timestamp_seconds{{{labels}}})"


def us_or_the_camera(labels: str = ON) -> list[Json]:
    """The first row of every dashboard: whose fault is it?"""
    ours = " + ".join(
        f"(max({expr}) or vector(0))"
        for expr in (
            f'up{{job="takt", {ON}}} == bool 0',
            f"takt:clips_shed:ratio_rate5m{{{ON}}} > bool 0.05",
            f"takt:inference_errors:ratio_rate5m{{{ON}}} > bool 0.01",
            f"takt:event_loop_lag_seconds:p99_5m{{{ON}}} > bool 0.25",
            f"takt_streams_waiting{{{ON}}} > bool 0",
            f"time() - takt_worker_last_progress_timestamp_seconds{{{ON}}} > bool 120",
        )
    )
    blind = f"(sum(takt_stream_blind{{{labels}}}) or vector(0))"
    away = f"sum(max by (instance, stream) (takt_stream_state{{{labels}, {AWAY}}}))"
    return [
        stat("Is it us?", f"clamp_max({ours}, 1)", mappings=NO_IS_GOOD,
             help="Down, too little time for clips, a network that fails, a loop that is late, a worker that is away, "
             "or cameras that none has room for."),
        stat("Is it a camera?", f"clamp_max({away} + {blind}, 1)", mappings=NO_IS_GOOD,
             help="One is away, refuses us, or shows nothing (frozen, dark, blocked)."),
        stat("Is it the broker?", f"1 - (min(takt_mqtt_connected{{{ON}}}) or vector(1))", mappings=NO_IS_GOOD,
             help="Events wait on disk while it is."),
        stat("Cameras live", f'sum(max by (instance, stream) (takt_stream_state{{{labels}, state="live"}}))'),
        stat("Cameras away", away, thresholds=steps((1, WARN))),
        stat("Pages now", 'count(ALERTS{alertstate="firing", severity="page"}) or vector(0)',
             thresholds=steps((1, BAD)), help="See docs/runbooks for what each means."),
    ]  # fmt: skip


FLEET = {
    "Is it us, or the camera?": us_or_the_camera(),
    "Promises": [
        graph("Broken in the last hour", (f"takt:slo_errors:ratio_increase1h{{{ON}}}", "{{slo}} {{instance}}"),
              unit="percentunit", help="Decisions may be 0.5 %, freshness and latency 1 %, over 30 days."),
        panel("bargauge", "Budget burns (1: lasts the month)",
              (f"takt:slo_errors:ratio_increase6h{{{ON}}} / on (slo) group_left () (1 - takt:slo_objective:ratio)",
               "{{slo}} {{instance}}"), thresholds=steps((1, WARN), (6, BAD)), help="Over the last 6 hours."),
        graph("Glass to event", *quantiles("takt_glass_to_event_seconds", ON), unit="s",
              help="From the capture of the deciding picture to the broker's receipt."),
    ],
    "Cameras": [
        panel("state-timeline", "Live",
              (f'max by (instance, stream) (takt_stream_state{{{ON}, state="live"}})', "{{stream}}"),
              width=16, height=10, mappings=said(("away", BAD), ("live", GOOD))),
        graph("Age of the newest picture", (f"topk(10, time() - {newest(ON)})", "{{stream}}"), unit="s",
              height=10),
        graph("Connections that ended (30 min)",
              (f"topk(10, sum by (stream, reason) (increase(takt_source_disconnects_total{{{ON}}}[30m])))",
               "{{stream}}: {{reason}}"), width=12),
        graph("Pictures decoded", (f"sum by (instance) (takt:frames_decoded:rate2m{{{ON}}})", "{{instance}}"), width=12,
              help="A second."),
    ],
    "Events": [
        graph("Decided", rate("takt_events_total", ON, "phase"), width=12, help="A second."),
        graph("Wait on disk", (f"sum by (instance) (takt_outbox_events{{{ON}}})", "{{instance}}"), width=12),
    ],
    "Machines": [
        graph("CPU", (f'sum by (instance) (rate(process_cpu_seconds_total{{job="takt", {ON}}}[$__rate_interval]))',
              "{{instance}}"), help="Cores in use.", width=6),
        graph("Memory", (f'sum by (instance) (process_resident_memory_bytes{{job="takt", {ON}}})', "{{instance}}"),
              unit="bytes", width=6, help="What workers share is counted for each."),
        graph("Loop lag (99 of 100)", (f"takt:event_loop_lag_seconds:p99_5m{{{ON}}}", "{{instance}}"), unit="s",
              width=6),
        graph("Disk free", (f"takt:disk_free:ratio{{{ON}}}", "{{instance}}"), unit="percentunit", width=6),
        graph("File descriptors",
              (f'max by (instance) (process_open_fds{{job="takt", {ON}}} / process_max_fds{{job="takt", {ON}}})',
               "{{instance}}"), unit="percentunit", width=6),
        graph("Up since", (f'time() - max by (instance) (process_start_time_seconds{{job="takt", {ON}, {ITSELF}}})',
              "{{instance}}"), unit="s", width=6),
        graph("Clock was set (1 h)", (f"max by (instance) (increase(takt_clock_steps_total{{{ON}}}[1h]))",
              "{{instance}}"), width=6),
        panel("table", "Versions", f"max by (instance, version, python, av) (takt_build_info{{{ON}}})", width=6),
    ],
    "Workers (where there are several)": [
        graph("Used (relieved above 0.9)", (f"max by (instance, slot) (takt_worker_load{{{ON}}})",
              "{{instance}} {{slot}}"), unit="percentunit", width=6, help="Share of what a worker can carry."),
        graph("Streams", (f"max by (instance, slot) (takt_worker_streams{{{ON}}})", "{{instance}} {{slot}}"),
              stack=True, width=6, help="At most 16 each."),
        graph("Wait for a place, degraded", (f"max by (instance) (takt_streams_waiting{{{ON}}})", "wait {{instance}}"),
              (f"sum by (instance) (max by (instance, stream) (takt_stream_degraded{{{ON}}}) > bool 0)",
               "degraded {{instance}}"), width=6, help="Nobody watches those that wait."),
        graph("Ended (30 min)",
              (f"sum by (instance, slot, reason) (increase(takt_worker_restarts_total{{{ON}}}[30m]))",
               "{{slot}}: {{reason}}"), width=6, help="crash: by itself; begin, loop, engine: it hung and was killed."),
        graph("Heard of", (f"time() - max by (instance, slot) (takt_worker_last_progress_timestamp_seconds{{{ON}}})",
              "{{instance}} {{slot}}"), unit="s", width=8, help="Seconds ago; above 10 it is killed."),
        graph("CPU by worker",
              (f'sum by (instance, worker) (rate(process_cpu_seconds_total{{job="takt", {ON}, {ANY}}}'
               "[$__rate_interval]))", "{{instance}} {{worker}}"), width=8, help="Cores in use."),
        graph("Memory by worker",
              (f'sum by (instance, worker) (process_resident_memory_bytes{{job="takt", {ON}, {ANY}}})',
               "{{instance}} {{worker}}"), unit="bytes", width=8),
    ],
}  # fmt: skip

STREAM_BOARD = {
    "Is it us, or the camera?": us_or_the_camera(STREAM),
    "The camera": [
        panel("state-timeline", "State", (f"max by (instance, stream, state) (takt_stream_state{{{STREAM}}}) > 0",
              "{{stream}}: {{state}}"), width=12),
        panel("state-timeline", "Shows nothing", (f"max by (instance, stream, reason) (takt_stream_blind{{{STREAM}}})",
              "{{stream}}: {{reason}}"), width=12,
              mappings=said(("sees", GOOD), ("blind", BAD))),
        graph("Age of the newest picture",
              (f"time() - {newest(STREAM)}", "{{stream}}"), unit="s"),
        graph("Pictures decoded", rate("takt_frames_decoded_total", STREAM, "stream"), help="A second."),
        graph("Pictures thrown away", rate("takt_frames_dropped_total", STREAM, "stream", "reason"),
              help="late is us (no time); undecodable and out_of_order are the network or the camera."),
        graph("Connections that ended", (
              f"sum by (stream, reason) (increase(takt_source_disconnects_total{{{STREAM}}}[30m]))",
              "{{stream}}: {{reason}}"), help="In 30 minutes."),
        graph("Share of a clip that has pictures", (f"max by (instance, stream) (takt_clip_coverage_ratio{{{STREAM}}})",
              "{{stream}}"),
              unit="percentunit", most=1),
        graph("Hung decoders", f"sum(takt_decode_threads_stuck{{{STREAM}}}) or vector(0)",
              help="Threads that a broken stream holds; they end with the process at the latest."),
        panel("state-timeline", "Time comes from",
              (f"max by (instance, stream, clock) (takt_stream_clock{{{STREAM}}}) > 0", "{{stream}}: {{clock}}"),
              help="rtcp: the camera's own clock; arrival: ours, where it has none or is off by more than 2 s."),
    ],
    "Us": [
        graph("Clips cut and looked at", rate("takt_clips_cut_total", STREAM, "stream"),
              (rate("takt_clips_recognized_total", STREAM, "stream")[0], "{{stream}} looked at")),
        graph("Clips not looked at", rate("takt_clips_shed_total", STREAM, "stream", "reason"), stack=True,
              help="coverage and epoch are the camera; newer, overload and paused are us."),
        graph("Decoding", rate("takt_decode_cpu_seconds_total", ON, "step"), help="Cores; all cameras of the service."),
    ],
    "Events": [
        graph("Events", rate("takt_events_total", STREAM, "stream", "phase"), width=12),
        graph("Answers that are no numbers", (
              f"sum by (stream, watch) (increase(takt_scores_not_finite_total{{{STREAM}}}[30m]))",
              "{{stream}}/{{watch}}"), width=12),
    ],
}  # fmt: skip

RECOGNIZER = {
    "Is it us, or the camera?": us_or_the_camera(),
    "The network": [
        panel("table", "What runs",
              f"max by (instance, recognizer, role, checkpoint, model) (takt_recognizer_info{{{NETWORK}}})", width=16),
        graph("Changes of the live network", (
              f"max by (instance, recognizer, result) (increase(takt_promotions_total{{{NETWORK}}}[1h]))",
              "{{recognizer}}: {{result}}")),
        graph("Clips answered", rate("takt_inference_total", NETWORK, "recognizer", "result"), stack=True),
        graph("Errors", (f"takt:inference_errors:ratio_rate5m{{{NETWORK}}}", "{{recognizer}}"), unit="percentunit"),
        graph("Clips that wait", (f"sum by (instance, recognizer) (takt_inference_queue_depth{{{NETWORK}}})",
              "{{recognizer}}")),
        graph("Clips a batch", (share(rate("takt_inference_batch_size_sum", NETWORK, "recognizer")[0],
              rate("takt_inference_batch_size_count", NETWORK, "recognizer")[0]), "{{recognizer}}")),
        graph("Time in a stage (half of all)", quantiles("takt_stage_duration_seconds", ON, "stage")[0], unit="s",
              help="queue: until a batch leaves; infer: the network; store: the disk; publish: the broker."),
        graph("Time in a stage (99 of 100)", quantiles("takt_stage_duration_seconds", ON, "stage")[2], unit="s"),
        graph("Age of the newest picture when answered", *quantiles("takt_frame_age_seconds", ON), unit="s"),
        graph("From a start to its decision", *quantiles("takt_decision_latency_seconds", ON), unit="s"),
        graph("Not looked at: no time", (f"takt:clips_shed:ratio_rate5m{{{ON}}}", "{{instance}}"), unit="percentunit"),
    ],
    "Is it still what it was taught?": [
        graph("Drift (1: the limit of its card)", (
              f"max by (instance, recognizer, measure) (takt_drift{{{NETWORK}}} / takt_drift_limit{{{NETWORK}}})",
              "{{recognizer}}: {{measure}}"), width=12, help="Only networks whose card says what is usual."),
        panel("state-timeline", "Above its limit", (
              f"max by (instance, recognizer, measure) (takt_drifted{{{NETWORK}}})", "{{recognizer}}: {{measure}}"),
              width=12, mappings=said(("usual", GOOD), ("drifted", BAD))),
    ],
    "The candidate": [
        graph("Agrees with the live network",
              (share(f'sum by (recognizer) (increase(takt_shadow_clips_total{{{NETWORK}, result="agreed"}}[30m]))',
                     f"sum by (recognizer) (increase(takt_shadow_clips_total{{{NETWORK}}}[30m]))"), "{{recognizer}}"),
              unit="percentunit", most=1, help="Only while a shadow watches."),
        graph("Its clips", rate("takt_shadow_inference_total", NETWORK, "recognizer", "result")),
        graph("Not asked", rate("takt_shadow_clips_shed_total", NETWORK, "recognizer", "reason")),
    ],
}  # fmt: skip

DELIVERY = {
    "Is it us, or the camera?": us_or_the_camera(),
    "The broker": [
        panel("state-timeline", "Connected", (f"min by (instance) (takt_mqtt_connected{{{ON}}})", "{{instance}}"),
              mappings=said(("away", BAD), ("connected", GOOD))),
        graph("Connections lost, or never made (30 min)",
              (f"sum by (instance, reason) (increase(takt_mqtt_reconnects_total{{{ON}}}[30m]))", "{{reason}}")),
        graph("Messages from others", rate("takt_mqtt_messages_heard_total", ON, "outcome"),
              (f"max by (instance) (increase(takt_mqtt_subscriptions_refused_total{{{ON}}}[30m]))",
               "topics refused (30 min)")),
    ],
    "The outbox": [
        graph("In and out", (rate("takt_events_accepted_total", ON, "instance")[0], "made durable"),
              (rate("takt_events_published_total", ON, "instance")[0], "at the broker"), help="A second."),
        graph("Wait", (f"sum by (instance) (takt_outbox_events{{{ON}}})", "for anybody"),
              (f"sum by (instance, sink) (takt_outbox_waiting{{{ON}}})", "for {{sink}}")),
        graph("Age of the oldest that waits",
              (f"max by (instance) (takt_outbox_oldest_age_seconds{{{ON}}})", "{{instance}}"), unit="s"),
        graph("Full", (f"max by (instance) (takt_outbox_bytes{{{ON}}} / takt_outbox_capacity_bytes{{{ON}}})",
              "{{instance}}"), unit="percentunit", most=1),
        graph("Durable within (99 of 100)", (f"takt:outbox_commit_seconds:p99_5m{{{ON}}}", "{{instance}}"), unit="s"),
        graph("Disk", (f"takt:disk_free_bytes:min{{{ON}}}", "free"),
              (f"sum by (instance) (takt_outbox_bytes{{{ON}}})", "outbox"),
              (f"max by (instance) (takt_evidence_bytes{{{ON}}})", "pictures of events"), unit="bytes"),
    ],
    "Is anything lost?": [
        stat("Dropped from a full outbox", f"sum(increase(takt_outbox_dropped_total{{{ON}}}[$__range]))", width=6,
             thresholds=steps((0.5, BAD))),
        stat("Lost because the disk took nothing", f"sum(increase(takt_events_lost_total{{{ON}}}[$__range]))", width=6,
             thresholds=steps((0.5, BAD))),
        stat("Refused by the broker", f"sum(increase(takt_events_dead_lettered_total{{{ON}}}[$__range]))", width=6,
             thresholds=steps((0.5, BAD))),
        stat("Pictures of events not kept", f"sum(increase(takt_evidence_dropped_total{{{ON}}}[$__range]))", width=6,
             thresholds=steps((0.5, WARN))),
    ],
    "How late": [
        panel("heatmap", "Glass to event", (rate("takt_glass_to_event_seconds_bucket", ON, "le")[0], "{{le}}"),
              width=12),
        graph("Glass to event", *quantiles("takt_glass_to_event_seconds", ON), unit="s", width=12),
    ],
}  # fmt: skip

PROCEDURES = {
    "Is it us, or the camera?": us_or_the_camera(STREAM),
    "Steps": [
        graph("Verdicts", (f"sum by (verdict) (increase(takt_steps_total{{{STREAM}}}[1h]))", "{{verdict}}"), stack=True,
              width=12, help="In an hour."),
        graph("Could not be seen", (share(
              f'sum by (stream, watch) (increase(takt_steps_total{{{STREAM}, verdict="inconclusive"}}[1h]))',
              f"sum by (stream, watch) (increase(takt_steps_total{{{STREAM}}}[1h]))"), "{{stream}}/{{watch}}"),
              unit="percentunit", most=1, width=12, help="inconclusive: the camera was away, frozen, dark or blocked."),
    ],
    "Units": [
        graph("Units", (f"sum by (phase) (increase(takt_cycles_total{{{STREAM}}}[1h]))", "{{phase}}"), stack=True,
              help="In an hour."),
        graph("Took", *quantiles("takt_cycle_seconds", ON, "procedure"), unit="s"),
        graph("Last unit, less its takt", (f"max by (stream, watch) (takt_cycle_deviation_seconds{{{STREAM}}})",
              "{{stream}}/{{watch}}"),
              unit="s"),
    ],
}  # fmt: skip


PROMETHEUS: Json = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
INSTANCE = variable("instance", "Service", "takt_build_info")
CAMERA = variable("stream", "Camera", 'takt_stream_state{instance=~"$instance"}')
NAME = variable("recognizer", "Recognizer", 'takt_recognizer_info{instance=~"$instance"}')
BOARDS = {
    "fleet": ("Taktstream: fleet", FLEET, [INSTANCE]),
    "stream": ("Taktstream: camera", STREAM_BOARD, [INSTANCE, CAMERA]),
    "recognizer": ("Taktstream: recognizer", RECOGNIZER, [INSTANCE, NAME]),
    "delivery": ("Taktstream: delivery", DELIVERY, [INSTANCE]),
    "procedures": ("Taktstream: procedures", PROCEDURES, [INSTANCE, CAMERA]),
}


def dashboard(name: str) -> Json:
    title, rows, variables = BOARDS[name]
    link = {"title": "Taktstream", "type": "dashboards", "tags": ["taktstream"], "asDropdown": True, "keepTime": True,
            "includeVars": True, "icon": "external link", "tooltip": "", "url": "", "targetBlank": False}  # fmt: skip
    return {
        "uid": f"taktstream-{name}",
        "title": title,
        "tags": ["taktstream"],
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [PROMETHEUS, *variables]},
        "links": [link],
        "panels": placed(rows),
    }


def text(name: str) -> str:
    return json.dumps(dashboard(name), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in BOARDS:
        (FOLDER / f"{each}.json").write_text(text(each))
