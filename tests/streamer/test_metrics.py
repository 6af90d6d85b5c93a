"""Names and units by convention; every series of a stream is there from the beginning."""

from __future__ import annotations

import math
import re
import shutil
from pathlib import Path

from prometheus_client import CollectorRegistry

from streamer.metrics import Metrics


def test_every_name_has_the_prefix_a_unit_and_total_on_counters_only() -> None:
    registry = CollectorRegistry()
    Metrics(registry)
    ours = [family for family in registry.collect() if not family.name.startswith(("process_", "python_"))]

    assert len(ours) > 20
    for family in ours:
        assert re.fullmatch(r"takt_[a-z_]+", family.name), family.name
        assert not family.name.endswith(("_total", "_count", "_sum", "_ms", "_percent")), family.name
        assert family.documentation


def test_a_stream_that_was_added_has_its_series_at_zero() -> None:
    registry = CollectorRegistry()
    Metrics(registry).stream_added("cell-4", ["bench", "door"])

    for name in ("takt_frames_decoded_total", "takt_clips_cut_total", "takt_clips_recognized_total"):
        assert registry.get_sample_value(name, {"stream": "cell-4"}) == 0
    for reason in ("coverage", "newer", "epoch", "overload", "paused"):
        labels = {"stream": "cell-4", "reason": reason}
        assert registry.get_sample_value("takt_clips_shed_total", labels) == 0
    for watch in ("bench", "door"):
        labels = {"stream": "cell-4", "watch": watch}
        assert registry.get_sample_value("takt_scores_not_finite_total", labels) == 0
    assert registry.get_sample_value("takt_stream_state", {"stream": "cell-4", "state": "connecting"}) == 1


def test_a_stream_is_in_one_state() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.stream_added("cell-4", [])
    metrics.stream_changed("cell-4", "live")
    states = {
        state: registry.get_sample_value("takt_stream_state", {"stream": "cell-4", "state": state})
        for state in ("connecting", "live", "backoff", "rejected", "ended")
    }

    assert states == {"connecting": 0, "live": 1, "backoff": 0, "rejected": 0, "ended": 0}


def test_what_a_peer_loses_and_who_publishes_is_seen() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    metrics.peer_lost("cam", 3, 60, 2)
    metrics.peers.offered("denied")
    metrics.peers.sessions_are(lambda: 4)

    seen = {
        name: registry.get_sample_value(f"takt_webrtc_{name}_total", {"stream": "cam"})
        for name in ("packets_lost", "pictures_unread", "keyframe_requests")
    }
    assert seen == {"packets_lost": 3, "pictures_unread": 60, "keyframe_requests": 2}
    assert registry.get_sample_value("takt_whip_offers_total", {"outcome": "denied"}) == 1
    assert registry.get_sample_value("takt_whip_sessions") == 4


def test_the_exposition_is_what_prometheus_reads() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.decoded("cell-4", 25, 0.5, 0.1)

    assert b'takt_frames_decoded_total{stream="cell-4"} 25.0' in metrics.exposition()


def test_the_clock_of_a_stream_is_the_one_last_told() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.connected("cell-4", "rtcp")

    assert (metrics.clock_of("cell-4"), metrics.clock_of("cell-5")) == ("rtcp", "arrival")
    assert b'takt_stream_clock{clock="rtcp",stream="cell-4"} 1.0' in metrics.exposition()


def test_who_has_no_broker_has_no_series_of_one() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    assert registry.get_sample_value("takt_mqtt_connected") is None

    metrics.mqtt_connected(False)
    assert registry.get_sample_value("takt_mqtt_connected") == 0
    metrics.mqtt_connected(True)
    assert registry.get_sample_value("takt_mqtt_connected") == 1


def test_a_recognizer_that_runs_has_its_outcomes_at_zero() -> None:
    registry = CollectorRegistry()
    Metrics(registry).runs("cell", "live", "cell.safetensors", "abc")
    for result in ("ok", "error"):
        labels = {"recognizer": "cell", "result": result}
        assert registry.get_sample_value("takt_inference_total", labels) == 0


def test_the_disk_is_looked_at_whenever_somebody_asks(tmp_path: Path) -> None:
    registry, folder = CollectorRegistry(), tmp_path / "outbox"
    folder.mkdir()
    Metrics(registry).machine.keeps(folder, 1 << 20)
    size = registry.get_sample_value("takt_disk_size_bytes")
    free = registry.get_sample_value("takt_disk_free_bytes")
    assert size == shutil.disk_usage(folder).total
    assert free is not None
    assert 0 < free < size
    assert registry.get_sample_value("takt_outbox_capacity_bytes") == 1 << 20

    assert registry.get_sample_value("takt_outbox_quarantined") == 0
    aside = folder / "quarantine-1"
    aside.mkdir()
    assert registry.get_sample_value("takt_outbox_quarantined") == 1

    aside.rmdir()
    folder.rmdir()
    gone = registry.get_sample_value("takt_disk_free_bytes")
    assert gone is not None
    assert math.isnan(gone)


def test_of_an_edge_node_there_is_nothing_before_there_is_one() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    assert "sparkplug" not in metrics.exposition().decode()

    metrics.sparkplug.sparkplug_born(True)
    metrics.sparkplug.sparkplug_reconnect("lost")

    assert registry.get_sample_value("takt_sparkplug_born") == 1
    assert registry.get_sample_value("takt_sparkplug_reconnects_total", {"reason": "lost"}) == 1
